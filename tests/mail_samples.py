"""For each template of a mail, values as its use case writes them: some for every path through the template."""

from typing import Any

from web.news_texts import TEXTS

HOUR, DAY = 60, 24 * 60
TOKEN = "t0k-En_of.a~link"
NAME = "Zoë O’Brien-Łukasz 🧭"
STOP_URL = f"/alerts/stop?token={TOKEN}"
LINK: dict[str, Any] = {"token": TOKEN, "lasts_minutes": DAY}
EXPERT: dict[str, Any] = {
    "name": "Anne Le Goff",
    "headline": "Développement commercial en Chine & au Vietnam : agents, salons, contrats",
    "slug": "anne-le-goff",
    "language": "fr",
}

NEWS: dict[str, Any] = {
    "name": NAME,
    "path": "/quotes/0f1e",
    "counterpart": "Établissements Dupont & fils",
    "title": "Customs audit in Morocco",
    "number": "Q-2026-00042",
    "day": "2027-01-01",
    "amount_cents": 480_050,
    "currency": "EUR",
}

MONEY: dict[str, Any] = {
    "name": NAME,
    "title": "M-2026-00042 – Ouverture du Maroc",
    "cents": 480_050,
    "currency": "EUR",
}

REQUEST: dict[str, Any] = {
    **LINK,
    "sent_by": NAME,
    "company": "Établissements Dupont & fils",
    "number": "M-2026-00042",
    "title": "Ouverture du Maroc",
    "order_number": "BC 4711",
    "cents": 480_050,
    "currency": "EUR",
    "due_on": "2027-01-04",
    "lasts_minutes": 30 * DAY,
}

SAMPLES: dict[str, list[dict[str, Any]]] = {
    "news": [{**NEWS, "code": code} for code in TEXTS]
    + [{**NEWS, "code": "quote_declined", "note": "Trop cher,\nhélas."}],
    "confirm_email": [LINK],
    "reset_password": [{**LINK, "name": NAME, "lasts_minutes": HOUR}],
    "email_taken": [{"name": NAME}],
    "change_email": [LINK],
    "email_changed": [{"name": NAME, "new_email": "zoe@example.com"}],
    "password_changed": [{"name": NAME}],
    "second_factor_changed": [{"name": NAME, "change": change} for change in ("added", "removed", "codes_renewed")],
    "expert_invitation": [
        {**LINK, "name": NAME, "lasts_minutes": 30 * DAY},
        {**LINK, "name": NAME, "slug": "zoe-o-brien"},
    ],
    "colleague_invitation": [
        {**LINK, "invited_by": NAME, "company": "Établissements Dupont & fils", "role": role}
        for role in ("owner", "buyer", "viewer", "accountant")
    ],
    "client_invitation": [
        {
            **LINK,
            "name": NAME,
            "expert": EXPERT["name"],
            "title": "Audit douanier",
            "number": "Q-2026-00042",
            "amount_cents": 408_660,
            "currency": "EUR",
            "day": "2027-01-31",
            "reason": reason,
        }
        for reason in ("", "Deux ports de plus.")
    ],
    "operator_invitation": [{**LINK, "invited_by": NAME}],
    "alert": [
        {
            "name": NAME,
            "search": "customs Morocco",
            "search_url": "/experts?q=customs+Morocco&country=MA",
            "experts": experts,
            "total": total,
            "unsubscribe_url": STOP_URL,
        }
        for experts, total in (
            ([EXPERT], 1),
            (
                [EXPERT, {**EXPERT, "name": "Bob Marsh", "headline": "Customs & VAT in the Gulf", "language": "en"}],
                1_200,
            ),
        )
    ],
    "availability_ask": [
        {**LINK, "name": NAME},
        {**LINK, "name": NAME, "confirmed_on": "2026-09-01", "unsubscribe_url": STOP_URL},
    ],
    "suspension": [
        {
            "name": NAME,
            "reason": "Conditions, article 7 : faux avis.",
            "facts": "Trois avis, le 3 mai.\n\nUne adresse.",
        },
        {"name": NAME, "reason": "Terms, article 7.", "facts": "Three reviews.", "terminates_on": "2027-01-01"},
    ],
    "suspension_answered": [
        {"name": NAME, "is_lifted": is_lifted, "reason": "Les avis ont été vérifiés :\n\nils sont vrais."}
        for is_lifted in (True, False)
    ],
    "notice_received": [
        {"name": NAME, "number": "1A2B3C4D", "expert": EXPERT["name"], "explanation": "Cet avis est faux.\n\nVraiment."}
    ],
    "notice_decided": [
        {
            "name": NAME,
            "is_notifier": is_notifier,
            "number": "1A2B3C4D",
            "expert": EXPERT["name"],
            "is_about_review": decision != "profile_hidden",
            "decision": decision,
            "reason": "" if decision == "reopened" else "Conditions, article 7.\n\nL’avis n’est lié à aucune mission.",
        }
        for decision in ("no_action", "comment_hidden", "review_hidden", "profile_hidden", "suspended", "reopened")
        for is_notifier in (True, False)
    ],
    "message": [
        {
            "name": NAME,
            "counterpart": "Établissements Dupont & fils",
            "thread_id": "2f7c",
            "messages": said,
            "left_out": left_out,
            "reply_token": TOKEN,
        }
        for said, left_out in (
            ([{"author": "Léa Dupont", "text": "Bonjour,\n\nConnaissez-vous le Maroc ?"}], 0),
            (
                [
                    {"author": "Léa Dupont", "text": "Voici.", "files": ["Cahier des charges.pdf"]},
                    {"author": "", "text": "", "files": ["a.png", "b.png"]},
                ],
                1,
            ),
            ([{"author": "Léa Dupont", "text": "Encore."}], 3),
        )
    ],
    "reply_held": [{"name": NAME, "sender": "lea.perso@example.com", "thread_id": "2f7c"}],
    "mandate_given": [
        {"name": NAME, "mandator": "Zoë O’Brien EI", "version": "2026-11-30", "fingerprint": "0123456789abcdef" * 4}
    ],
    "account_erased": [{"name": NAME}],
    "document": [
        {
            **MONEY,
            "document_id": "d1",
            "sending": "s1",
            "party": party,
            "kind": kind,
            "number": f"{number}-2026-1",
            "seller": "Élodie Ñuñez Conseil",
            "buyer": "Établissements Dupont & fils",
        }
        for party, kind, number in (
            ("client", "invoice", "FAC-K7Q2M4XA3D"),
            ("client", "credit_note", "AVO-K7Q2M4XA3D"),
            ("expert", "invoice", "FAC-K7Q2M4XA3D"),
            ("expert", "credit_note", "AVO-K7Q2M4XA3D"),
            ("expert", "commission", "COM"),
            ("expert", "boost", "BST"),
        )
    ],
    "payment_received": [{**MONEY, "reference": "m1", "missing_cents": missing} for missing in (0, 120_000)],
    "payment_request": [REQUEST, {**REQUEST, "order_number": "", "due_on": None}],
    "refund_asked": [
        {**MONEY, "refund_id": "r1", "explanation": "La mission s’est arrêtée.", "is_reminder": is_reminder}
        for is_reminder in (False, True)
    ],
    "bank_account_changed": [{"name": NAME, "ending": "2606", "country": "FR"}],
    "payout_stopped": [
        {**MONEY, "reason": reason, "came_back": came_back}
        for reason, came_back in (("account_closed", True), ("insufficient_balance", False), ("121003", True))
    ],
    "refund_answered": [
        {**MONEY, "reference": "m1", "is_agreed": True, "answer": ""},
        {**MONEY, "reference": "m1", "is_agreed": False, "answer": "Le travail est fait."},
        {**MONEY, "reference": "m1", "is_agreed": False, "answer": ""},
    ],
}
