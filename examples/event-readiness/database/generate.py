#!/usr/bin/env python3
"""Writes a city event season as SQL to standard output, the same for the same seed.

    generate.py --seed 7 --planted planted.json | psql URL

Some 50,000 rows with the kinds of faults that real data has. Which ones were planted, and where, goes
into the file `--planted` names; nothing in the database says so.
"""
import argparse
import json
import random
import sys
from datetime import datetime, timedelta, timezone

CITIES = ["Toronto", "Amsterdam", "Melbourne", "Seattle", "Montreal", "Bristol", "Auckland", "Austin"]
FIRST = ("Ada Bea Cleo Dora Eli Finn Gus Hana Iris Jon Kai Lea Mia Noor Otto Pia Quin Rosa Sam Tara Uma Vera Wim Xena "
         "Yara Zoe Amir Bao Chen Dina Emre Faye Gita Hugo Ines Jude Kofi Lars Maja Nils").split()
LAST = ("Abara Bakker Castel Duarte Eriksen Fontaine Garcia Haddad Ivanova Jansen Kimura Laurent Moreau Novak Okafor "
        "Petrov Quist Rossi Silva Tanaka Ueda Vogel Weber Xu Yilmaz Zhang Ahmed Brandt Costa Dupont").split()
ROUTES = ["/vote", "/bid", "/checkout", "/event", "/artist", "/auction/close", "/login"]
CHANNELS = ["instagram", "search", "newsletter", "poster", "radio"]
SEASON = datetime(2026, 9, 1, 19, 0, tzinfo=timezone.utc)


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Season:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.tables = {}
        self.planted = {}

    def add(self, table, *row):
        self.tables.setdefault(table, []).append(row)
        return row

    def plant(self, fault, what):
        self.planted.setdefault(fault, []).append(what)

    def moment(self, before, days):
        return before - timedelta(seconds=self.random.randrange(days * 86400))

    # -- people
    def people(self, count=6000, duplicates=40):
        r = self.random
        for i in range(1, count + 1):
            first, last = r.choice(FIRST), r.choice(LAST)
            email = f"{first}.{last}{i}@example.org".lower()
            phone = f"+1 555 {i:07d}"
            self.add("profiles", i, f"{first} {last}", email, phone, r.choice(CITIES), at(self.moment(SEASON, 700)))
        originals = r.sample(self.tables["profiles"], duplicates)
        for n, (i, name, email, phone, city, _) in enumerate(originals, count + 1):
            # The same person signed up again: another spelling, another way to write the address or the number.
            first, last = name.split()
            local, domain = email.split("@")
            variant = r.randrange(3)
            twin = [(f"{first[0]}. {last}", email.upper(), phone.replace(" ", "-")),
                    (f"{last}, {first}", f"{local}+art@{domain}", phone.replace("+1 ", "001 ")),
                    (name.lower(), f" {email}", phone.replace(" ", ""))][variant]
            self.add("profiles", n, *twin, city, at(self.moment(SEASON, 200)))
            self.plant("duplicate_profiles", [i, n])
        self.profiles = count

    # -- events, artists, paintings
    def events_and_artists(self, events=12, artists=320):
        r = self.random
        homeless = set(r.sample(range(1, artists + 1), 9))
        for i in range(1, artists + 1):
            profile = None if i in homeless else i
            self.add("artists", i, f"{r.choice(FIRST)} {r.choice(LAST)}", profile, r.choice(CITIES))
        artwork = 0
        for e in range(1, events + 1):
            city = CITIES[(e - 1) % len(CITIES)]
            slug = f"{city.lower()}-{1 + (e - 1) // len(CITIES)}"
            starts = SEASON + timedelta(days=7 * e)
            self.add("events", e, slug, city, f"{city} Hall", at(starts), 420, 12, "on sale")
            lineup = r.sample(range(1, artists + 1), 24)
            if e == 3:
                lineup[:2] = sorted(homeless)[:2]
                lineup = list(dict.fromkeys(lineup))
            for n, artist in enumerate(lineup):
                confirmed = not (e == 5 and n < 4)
                self.add("event_artists", e, artist, 1 + n // 12, 1 + n % 12, "t" if confirmed else "f")
                if not confirmed:
                    self.plant("unconfirmed_artists", [slug, artist])
                if artist in homeless and confirmed:
                    self.plant("artists_without_profile", [slug, artist])
                artwork += 1
                self.add("artworks", artwork, e, artist, 1 + n // 12, 0)
        self.event_count, self.artwork_count = events, artwork

    def slug(self, event):
        return self.tables["events"][event - 1][1]

    # -- votes and bids
    def audience(self, votes=9000, bids=4200):
        r = self.random
        for i in range(1, votes + 1):
            self.add("votes", i, r.randint(1, self.artwork_count), r.randint(1, self.profiles), at(self.moment(SEASON, 60)))
        for n in range(25):                     # accounts that are gone: nobody cast these
            i = votes + 1 + n
            self.add("votes", i, r.randint(1, self.artwork_count), 900_000 + n, at(self.moment(SEASON, 60)))
            self.plant("votes_from_unknown_profiles", i)
        highest, clock = {}, SEASON - timedelta(days=30)
        for i in range(1, bids + 1):
            artwork, clock = r.randint(1, self.artwork_count), clock + timedelta(seconds=7)
            amount = highest.get(artwork, 5000) + 500 * r.randint(1, 6)
            if i % 350 == 0 and artwork in highest:  # accepted although it is below the bid before it
                amount = highest[artwork] - 500
                self.plant("bids_below_the_one_before", i)
            highest[artwork] = max(amount, highest.get(artwork, 0))
            self.add("bids", i, artwork, r.randint(1, self.profiles), amount, at(clock))
        works = self.tables["artworks"]
        wrong = set(r.sample(sorted(highest), 6))
        for n, (i, e, artist, round_, _) in enumerate(works):
            shown = highest.get(i, 0)
            if i in wrong:
                shown += 2500
                self.plant("artworks_with_wrong_bid", i)
            works[n] = (i, e, artist, round_, shown)

    # -- campaigns
    def marketing(self):
        r = self.random
        i = click = 0
        for e in range(1, self.event_count + 1):
            for channel in CHANNELS:
                i += 1
                starts = SEASON + timedelta(days=7 * e - 30)
                self.add("campaigns", i, e, channel, f"{self.slug(e)} {channel}", r.randint(200, 900) * 100,
                         at(starts), at(starts + timedelta(days=25)))
                for _ in range(r.randint(60, 120)):
                    click += 1
                    self.add("campaign_clicks", click, i, at(starts + timedelta(hours=r.randrange(600))))
        self.idle_campaigns = set(r.sample(range(1, i + 1), 5))
        for campaign in sorted(self.idle_campaigns):
            self.plant("campaigns_without_conversions", campaign)
        self.campaigns_of = {e: [c for c in range(5 * e - 4, 5 * e + 1) if c not in self.idle_campaigns]
                             for e in range(1, self.event_count + 1)}

    # -- orders, tickets, payments
    def sales(self):
        r = self.random
        order = ticket = payment = 0
        for e in range(1, self.event_count + 1):
            starts = SEASON + timedelta(days=7 * e)
            seats, goal = 0, 452 if e == 4 else r.randint(300, 400)
            while seats < goal:
                order += 1
                quantity = min(r.choice([1, 1, 2, 2, 2, 4]), goal - seats)
                tier, price = r.choice([("standard", 2500), ("standard", 2500), ("front row", 4500)])
                placed = self.moment(starts, 50)
                # Whoever is last to write wins: every campaign that is not idle has sold something.
                campaign = r.choice(self.campaigns_of[e]) if r.random() < 0.6 else None
                total = quantity * price
                self.add("order_lines", order, 1, f"{tier} ticket", quantity, total)
                if r.random() < 0.2:
                    self.add("order_lines", order, 2, "print", 1, 1500)
                    total += 1500
                shown = total
                if order % 190 == 0:
                    shown = total + r.choice([-500, 1000])
                    self.plant("orders_whose_total_disagrees", order)
                self.add("orders", order, e, r.randint(1, self.profiles), shown, "paid", campaign, at(placed))
                for _ in range(quantity):
                    ticket += 1
                    self.add("tickets", ticket, e, order, tier, price, "online", "sold", at(placed))
                payment += 1
                charged_back = e == 2 and r.random() < 0.08
                self.add("payments", payment, order, e, f"pi_{payment:06d}", total,
                         "charged_back" if charged_back else "captured", at(placed))
                seats += quantity
            if e == 4:
                self.plant("oversold_events", self.slug(e))
            door = 30 if e == 2 else 0             # cash at the door: the box office knows, the processor does not
            for _ in range(door):
                ticket += 1
                self.add("tickets", ticket, e, None, "door", 3000, "door", "sold", at(starts))
            if e == 2:
                self.plant("revenue_in_dispute", self.slug(e))
        for n in range(11):                         # the processor has them, no order does
            payment += 1
            e = r.randint(5, self.event_count)
            self.add("payments", payment, None if n % 2 else 990_000 + n, e, f"pi_{payment:06d}", 4200, "captured", at(SEASON))
            self.plant("payments_without_orders", payment)
        for i in range(1, ticket + 1):
            self.add("check_ins", i, "expected", at(SEASON))

    # -- the edge
    def edge(self, requests=12_000):
        r = self.random
        for i in range(1, requests + 1):
            route = r.choice(ROUTES)
            slow = route == "/auction/close"
            failing = route == "/checkout" and r.random() < 0.09
            self.add("edge_requests", i, route, r.choice(["eu", "us", "ap"]), 502 if failing else 200,
                     int(r.lognormvariate(7.2 if slow else 4.4, 0.5)), at(self.moment(SEASON, 7)))
        self.plant("failing_routes", "/checkout")
        self.plant("slow_routes", "/auction/close")

    def write(self, out):
        out.write("BEGIN;\n")
        order = ["events", "profiles", "artists", "event_artists", "artworks", "bids", "votes", "campaigns", "campaign_clicks",
                 "orders", "order_lines", "tickets", "payments", "check_ins", "edge_requests"]
        for table in order:
            out.write(f"COPY {table} FROM STDIN;\n")
            for row in self.tables[table]:
                out.write("\t".join("\\N" if v is None else str(v) for v in row) + "\n")
            out.write("\\.\n")
        out.write("COMMIT;\n")
        # Three nights of check-ins, without the vacuum: dead rows that nobody has cleared away.
        for state in ("arrived", "left", "expected"):
            out.write(f"UPDATE check_ins SET state = '{state}';\n")
        self.plant("bloated_tables", "check_ins")
        self.plant("missing_indexes", "bids(artwork_id)")
        # Statistics, as a server that has been in use has them; the vacuum of check_ins stays away.
        out.write("ANALYZE;\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--planted", help="where to write down the planted faults, as JSON")
    arguments = arguments.parse_args()
    season = Season(arguments.seed)
    season.people()
    season.events_and_artists()
    season.audience()
    season.marketing()
    season.sales()
    season.edge()
    season.write(sys.stdout)
    if arguments.planted:
        with open(arguments.planted, "w", encoding="utf-8") as file:
            json.dump(season.planted, file, indent=1)


if __name__ == "__main__":
    main()
