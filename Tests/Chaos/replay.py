"""replay.py URL COUNT MINUTES: publishes the firehose's messages of the last minutes once more, as they were, COUNT at most.

Each keeps its id, its sender and its key. Prints how many the broker has confirmed.
"""
import sys
import pika
import pika.exceptions

url, count, minutes = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
source, target = (pika.BlockingConnection(pika.URLParameters(url)) for _ in range(2))
reading, writing = source.channel(), target.channel()
writing.confirm_delivery()
reading.basic_qos(prefetch_count=500)
taken = []
for method, properties, body in reading.consume(
    "firehose", arguments={"x-stream-offset": f"{int(minutes * 60)}s"},
    inactivity_timeout=10,
):
    if method is None:
        break
    taken.append((method.exchange, method.routing_key, properties, body))
    reading.basic_ack(method.delivery_tag)
    if len(taken) == count:
        break
try:
    source.close()
except pika.exceptions.AMQPError:
    pass  # it hands back what was prefetched, which the broker does not take of a stream
confirmed = 0
for exchange, key, properties, body in taken:
    properties.headers = {k: v for k, v in (properties.headers or {}).items() if not k.startswith("x-stream")}
    try:
        writing.basic_publish(exchange, key, body, properties)
        confirmed += 1
    except pika.exceptions.UnroutableError:
        pass
target.close()
print(confirmed)
