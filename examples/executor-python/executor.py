#!/usr/bin/env python3
"""An executor for one domain, written from contracts/ alone: BATON_AMQP_URL=amqp://… ./executor.py payments"""
import collections, functools, json, multiprocessing, os, signal, socket, sys, time, uuid
from datetime import datetime, timezone
from pika import BasicProperties, BlockingConnection, URLParameters
from skills import SKILLS  # {skill id: function of the input -> output, [(artifact name, summary, confidence, payload)]}

BEAT, INLINE_LIMIT = 15, 32 * 1024  # seconds between heartbeats; bytes of what travels in a message
now = lambda: datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")

class Executor:
    def __init__(self, url, domain):
        self.url, self.domain, self.name = URLParameters(url), domain, f"{domain}-{socket.gethostname()}-{os.getpid()}"
        self.url.heartbeat, self.url.blocked_connection_timeout, self.is_stopping = 10, 60, False

    def serve(self):
        self.orders, self.cancelled, self.cleared, self.next_beat = collections.deque(), set(), set(), 0
        self.connection = BlockingConnection(self.url)
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()  # from here on, publish returns once the broker has the message
        control = f"executor.{self.domain}.control.{self.name}"
        self.channel.queue_declare(control, exclusive=True, auto_delete=True)
        self.channel.queue_bind(control, "task", f"task.cancel.{self.domain}")
        self.channel.queue_bind(control, "task", f"task.go.{self.domain}")
        self.channel.basic_consume(control, self.hear, auto_ack=True)
        self.channel.basic_qos(prefetch_count=1)
        self.channel.basic_consume(f"executor.{self.domain}", lambda _, *order: self.orders.append(order))
        while not self.is_stopping:
            self.turn()
            while self.orders and not self.is_stopping:
                method, properties, body = self.orders.popleft()
                self.run(json.loads(body), properties)
                self.channel.basic_ack(method.delivery_tag)  # only now: all that it led to is with the broker
        self.connection.close()  # an order that still waits here goes back to the queue

    def hear(self, _channel, _method, properties, body):
        data = json.loads(body)
        if data.get("executor", self.name) == self.name:
            attempt = (data["workflow_id"], data["task_id"], data["attempt"])
            (self.cleared if properties.type == "task.go" else self.cancelled).add(attempt)

    def turn(self, say=None, run=None):  # serves the connection for a moment; every 15 s, says that all are alive
        self.connection.process_data_events(time_limit=0.1)
        if time.monotonic() > self.next_beat:
            self.next_beat = time.monotonic() + BEAT
            self.publish("executor.heartbeat", {
                "executor": self.name, "runner_domain": self.domain, "concurrency": 1, "running": 1 if run else 0,
                "at": now(), "interval_seconds": BEAT, "skills": sorted(SKILLS)})
            say and say("task.heartbeat", run)

    def publish(self, kind, data, suffix="", cause=None):
        headers = {"ce-specversion": "1.0", "ce-id": str(uuid.uuid4()), "ce-type": kind, "ce-time": now(),
                   "ce-source": f"/executor/{self.domain}/{self.name}"} | ({"ce-causationid": cause} if cause else {})
        properties = BasicProperties(
            content_type="application/json", delivery_mode=2, message_id=headers["ce-id"], type=kind, headers=headers,
            correlation_id=data.get("workflow_id", self.name), timestamp=int(time.time()), app_id="executor-python",
            user_id=self.url.credentials.username)
        self.channel.basic_publish("task", f"{kind}.{self.domain}{suffix}", json.dumps(data), properties, mandatory=True)

    def run(self, order, properties):
        attempt, headers = (order["workflow_id"], order["task_id"], order["attempt"]), properties.headers or {}
        run = dict(zip(("workflow_id", "task_id", "attempt"), attempt), executor=self.name,
                   delivery=headers.get("x-acquired-count", headers.get("x-delivery-count", 0)))
        say = functools.partial(self.publish, suffix="." + order["skill_id"], cause=properties.message_id)
        deadline = datetime.fromisoformat(order["deadline"].replace("Z", "+00:00")).timestamp()
        may_begin = lambda: attempt not in self.cancelled and time.time() < deadline
        started_at = now()
        may_begin() and say("task.started", run)
        while order.get("await_go") and attempt not in self.cleared and may_begin():
            self.turn(say, run)
        if not may_begin():
            return
        end = time.monotonic() + order["timeout_seconds"]
        with multiprocessing.get_context("spawn").Pool(1) as pool:  # its process is killed on the way out
            result = pool.apply_async(SKILLS.get(order["skill_id"]), (order["input"],))
            while not result.ready() and time.monotonic() < end:
                self.turn(say, run)
                if attempt in self.cancelled:
                    return
            try:
                output, artifacts = result.get(timeout=0)
                if any(len(json.dumps(value, allow_nan=False)) > INLINE_LIMIT for *_, value in [*artifacts, (output,)]):
                    raise ValueError("more than 32 KiB belong into the object store")
            except Exception as error:  # what is wrong with the input will be wrong with it again
                code = "timed_out" if isinstance(error, multiprocessing.TimeoutError) else "skill_failed"
                permanent = isinstance(error, (LookupError, TypeError, ValueError))
                return say("task.failed", {**run, "error": {"code": code, "message": repr(error)[:8000], "permanent": permanent}})
        records = []
        for name, summary, confidence, payload in artifacts:
            records.append({"name": name, "seq": 1000 * run["delivery"], "kind": "data", "result_summary": summary,
                            "confidence": confidence, "started_at": started_at, "finished_at": now()})
            say("artifact.created", {**run, "skill_id": order["skill_id"], "runner_domain": self.domain,
                                     **records[-1], "payload": payload})
        say("task.completed", {**run, "output": output, "artifacts": records})

if __name__ == "__main__":
    executor = Executor(os.environ["BATON_AMQP_URL"], sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: setattr(executor, "is_stopping", True))  # ends what it runs, takes no more
    executor.serve()  # a lost connection ends it: what was not acked comes again, and its supervisor starts it again
