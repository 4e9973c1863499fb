"""The skills of this executor: each takes its input and gives its output and its artifacts."""


def refund_ratio(order):
    """How much of what was paid has been given back."""
    paid = sum(entry["paid_cents"] for entry in order["orders"])
    refunded = sum(entry.get("refunded_cents", 0) for entry in order["orders"])
    output = {"paid_cents": paid, "refunded_cents": refunded, "ratio": round(refunded / paid, 6) if paid else 0}
    return output, [("result", f"{refunded} of {paid} cents were given back", 0.9, {"refunds": output})]


SKILLS = {"payments.refund-ratio": refund_ratio}
