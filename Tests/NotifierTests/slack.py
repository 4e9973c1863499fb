"""Stands in for Slack's web API: checks what is documented of chat.postMessage and chat.update, and limits rates.

Prints its port; GET /calls?count=N gives what was called, once there are N calls. A channel named `limited` answers the first edit with 429.
"""
import http.server
import json
import threading
import urllib.parse

calls, messages, limited = [], {}, set()
called = threading.Condition()


def text_problem(text, limit, kinds=("mrkdwn", "plain_text")):
    if text.get("type") not in kinds or not 1 <= len(text.get("text", "")) <= limit:
        return "invalid_blocks"
    return None


def problem(block):
    kind = block.get("type")
    if kind == "header":
        return text_problem(block["text"], 150, ("plain_text",))
    if kind == "section":
        fields = block.get("fields", [])
        if len(fields) > 10 or not ("text" in block or fields):
            return "invalid_blocks"
        found = [text_problem(f, 2000) for f in fields] + ([text_problem(block["text"], 3000)] if "text" in block else [])
        return next((p for p in found if p), None)
    if kind == "context":
        elements = block["elements"]
        return "invalid_blocks" if not 1 <= len(elements) <= 10 else next(filter(None, (text_problem(e, 2000) for e in elements)), None)
    return None if kind == "divider" else "invalid_blocks"


def answer(method, call, headers):
    if headers.get("Authorization") != "Bearer xoxb-test":
        return {"ok": False, "error": "invalid_auth"}
    if not headers.get("Content-Type", "").startswith("application/json"):
        return {"ok": False, "error": "invalid_form_data"}
    blocks = call.get("blocks", [])
    if len(blocks) > 50 or len(call.get("text", "")) > 40_000 or not (blocks or call.get("text")):
        return {"ok": False, "error": "no_text"}
    for block in blocks:
        if problem(block):
            return {"ok": False, "error": problem(block)}
    if method == "chat.postMessage":
        if call["channel"] == "#gone":
            return {"ok": False, "error": "channel_not_found"}
        ts = f"{1_700_000_000 + len(messages)}.{len(messages):06d}"
        messages[ts] = call["channel"]
        return {"ok": True, "channel": "C" + call["channel"].strip("#").upper(), "ts": ts}
    if method == "chat.update":
        return {"ok": True, "channel": call["channel"], "ts": call["ts"]} if call["ts"] in messages else {"ok": False, "error": "message_not_found"}
    return {"ok": False, "error": "unknown_method"}


class Slack(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        count = int(urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)["count"][0])
        with called:
            called.wait_for(lambda: len(calls) >= count, timeout=50)
            self.reply(200, calls)

    def do_POST(self):
        method = self.path.rsplit("/", 1)[1]
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if method == "chat.update" and "LIMITED" in call["channel"] and call["ts"] not in limited:
            limited.add(call["ts"])
            self.note({"method": method, "limited": True})
            return self.reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
        result = answer(method, call, self.headers)
        self.note({"method": method, "call": call, "answer": result})
        self.reply(200, result)

    def note(self, call):
        with called:
            calls.append(call)
            called.notify_all()

    def reply(self, status, body, headers={}):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slack)
print(server.server_address[1], flush=True)
server.serve_forever()
