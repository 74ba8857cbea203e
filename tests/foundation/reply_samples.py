"""Replies as mail programs write them, in French, English and German: written by us after how those programs quote."""

# ruff: noqa: E501 - mails are as wide as their programs write them

MARKER_FR = "##- Écrivez votre réponse au-dessus de cette ligne -##"
MARKER_EN = "##- Please write your answer above this line -##"
OURS = f"""{MARKER_FR}

Bonjour Anna,

Émile Expert vous a écrit :

Connaissez-vous le Maroc ?

--
Portulan"""


def quoted(text: str, mark: str = "> ") -> str:
    """Return a text as programs quote it."""
    return "\n".join(f"{mark}{line}".rstrip() for line in text.split("\n"))


GMAIL = "portulan <reply+abc@replies.example.org>"
PLAIN: dict[str, tuple[str, str]] = {
    "gmail fr": (
        f"Oui, très bien.\n\nLe mar. 1 déc. 2026 à 09:12, {GMAIL} a\nécrit :\n\n{quoted(OURS)}\n",
        "Oui, très bien.",
    ),
    "gmail en": (
        f"Yes, I do.\n\nOn Tue, Dec 1, 2026 at 9:12 AM {GMAIL}\nwrote:\n\n{quoted(OURS)}\n",
        "Yes, I do.",
    ),
    "gmail de": (
        f"Ja, gern.\n\nAm Di., 1. Dez. 2026 um 09:12 Uhr schrieb {GMAIL}:\n\n{quoted(OURS)}\n",
        "Ja, gern.",
    ),
    "gmail fr, one line, no marker left": (
        "D’accord pour jeudi.\n\nLe mar. 1 déc. 2026 à 09:12, Portulan <r@x.example> a écrit :\n\n> Bonjour\n> Ça va ?\n",
        "D’accord pour jeudi.",
    ),
    "outlook fr, no quote marks": (
        (
            "Bonjour,\n\nJe suis disponible.\n\nAnna\n\n________________________________\nDe : Portulan <reply+abc@replies.example.org>\n"
            f"Envoyé : mardi 1 décembre 2026 09:12\nÀ : Anna <anna@acme.example>\nObjet : Émile vous a écrit\n\n{OURS}"
        ),
        "Bonjour,\n\nJe suis disponible.\n\nAnna",
    ),
    "outlook en, no marker": (
        (
            "Thanks, that works.\n\nFrom: Portulan <reply+abc@replies.example.org>\nSent: Tuesday, December 1, 2026 9:12 AM\n"
            "To: Anna <anna@acme.example>\nSubject: Émile has written to you\n\nHello Anna,\nsomething quoted"
        ),
        "Thanks, that works.",
    ),
    "outlook de, no marker": (
        (
            "Hallo,\n\ndas passt.\n\nVon: Portulan <reply+abc@replies.example.org>\nGesendet: Dienstag, 1. Dezember 2026 09:12\n"
            "An: Anna <anna@acme.example>\nBetreff: Émile hat Ihnen geschrieben\n\nHallo Anna, ein Zitat"
        ),
        "Hallo,\n\ndas passt.",
    ),
    "outlook fr, bold headers": (
        "C’est noté.\n\n*De :* Portulan <r@x.example>\n*Envoyé :* mardi 1 décembre 2026\n*À :* Anna\n*Objet :* Bonjour\n\nzut",
        "C’est noté.",
    ),
    "old outlook en": (
        "Fine by me.\n\n-----Original Message-----\nFrom: Portulan\nSent: 01 December 2026\n\nquoted",
        "Fine by me.",
    ),
    "old outlook fr": (
        "Entendu.\n\n-----Message d'origine-----\nDe : Portulan\nEnvoyé : mardi 1 décembre 2026\n\ncité",
        "Entendu.",
    ),
    "old outlook de": (
        "Einverstanden.\n\n-----Ursprüngliche Nachricht-----\nVon: Portulan\nGesendet: Dienstag\n\nzitiert",
        "Einverstanden.",
    ),
    "apple mail fr": (
        f"Je vous appelle demain.\n\n> Le 1 déc. 2026 à 09:12, Portulan <r@x.example> a écrit :\n> \n{quoted(OURS)}\n",
        "Je vous appelle demain.",
    ),
    "apple mail en": (
        f"I will call you.\n\n> On 1 Dec 2026, at 09:12, Portulan <r@x.example> wrote:\n> \n{quoted(OURS)}\n",
        "I will call you.",
    ),
    "apple mail de": (
        f"Ich rufe an.\n\n> Am 01.12.2026 um 09:12 schrieb Portulan <r@x.example>:\n> \n{quoted(OURS)}\n",
        "Ich rufe an.",
    ),
    "iphone fr": (
        f"Ok merci\n\nEnvoyé de mon iPhone\n\n> Le 1 déc. 2026 à 09:12, Portulan <r@x.example> a écrit :\n> \n{quoted(OURS)}",
        "Ok merci",
    ),
    "iphone en": (
        "Ok, thanks\n\nSent from my iPhone\n\n> On 1 Dec 2026, at 09:12, Portulan wrote:\n>\n> Hi",
        "Ok, thanks",
    ),
    "iphone de": (
        "Ok, danke\n\nVon meinem iPhone gesendet\n\n> Am 01.12.2026 um 09:12 schrieb P <r@x.example>:\n>\n> Hi",
        "Ok, danke",
    ),
    "android outlook fr": ("Parfait.\n\nTéléchargez Outlook pour Android<https://aka.ms/x>\n", "Parfait."),
    "android outlook en": (
        "Perfect.\n\nGet Outlook for Android<https://aka.ms/x>\n________________________________\nFrom: P",
        "Perfect.",
    ),
    "thunderbird fr": (
        f"Merci beaucoup.\n\nLe 01/12/2026 à 09:12, Portulan a écrit :\n{quoted(OURS)}\n",
        "Merci beaucoup.",
    ),
    "thunderbird en": (f"Thank you.\n\nOn 01/12/2026 09:12, Portulan wrote:\n{quoted(OURS)}\n", "Thank you."),
    "thunderbird de": (f"Vielen Dank.\n\nAm 01.12.26 um 09:12 schrieb Portulan:\n{quoted(OURS)}\n", "Vielen Dank."),
    "thunderbird fr, below the quotation": (
        f"Le 01/12/2026 à 09:12, Portulan a écrit :\n{quoted(OURS)}\n\nOui, depuis dix ans.\n\n-- \nAnna\nACME",
        "Oui, depuis dix ans.",
    ),
    "thunderbird en, between the lines": (
        "On 01/12/2026 09:12, Portulan wrote:\n> Do you know Morocco?\n\nYes.\n\n> And Tunisia?\n\nA little.\n",
        "Yes.\n\nA little.",
    ),
    "orange webmail": (
        (
            'Bonsoir,\nc’est bon pour moi.\n\n> Message du 01/12/26 09:12\n> De : "Portulan" <r@x.example>\n> A : anna@orange.example\n'
            f"> Copie à :\n> Objet : Émile vous a écrit\n>\n{quoted(OURS)}"
        ),
        "Bonsoir,\nc’est bon pour moi.",
    ),
    "ovh roundcube fr": (
        f"Je confirme.\n\nLe 2026-12-01 09:12, Portulan a écrit :\n\n{quoted(OURS)}",
        "Je confirme.",
    ),
    "ovh outlook web app fr": (
        (
            "Je confirme.\n\n________________________________\nDe : Portulan <r@x.example>\nEnvoyé : mardi 1 décembre 2026 09:12:00\n"
            "À : anna@acme.example\nObjet : Bonjour\n\ncité"
        ),
        "Je confirme.",
    ),
    "signature with dashes": ("Oui.\n\n-- \nAnna Client\nACME\n+33 6 12 34 56 78", "Oui."),
    "signature whose space a server took": ("Oui.\n\n--\nAnna Client\nACME", "Oui."),
    "a list is no signature": (
        "Trois points :\n- le prix\n- la date\n- le lieu",
        "Trois points :\n- le prix\n- la date\n- le lieu",
    ),
    "closing words stay": (
        "Merci, cela me va.\n\nThanks, but the second one is too late.\n\nCordialement,\nAnna",
        "Merci, cela me va.\n\nThanks, but the second one is too late.\n\nCordialement,\nAnna",
    ),
    "words that only look like a quotation": (
        "On Monday I wrote: nothing yet.\nLe client a écrit trois fois.\nAm Montag schrieb ich ihm.",
        "On Monday I wrote: nothing yet.\nLe client a écrit trois fois.\nAm Montag schrieb ich ihm.",
    ),
    "a quotation of two lines that the author chose stays": (
        "Vous demandez :\n> Connaissez-vous le Maroc ?\nOui.",
        "Vous demandez :\n> Connaissez-vous le Maroc ?\nOui.",
    ),
    "marker with a line broken inside": ("Oui.\n\n> ##- Please write your answer\n> above this line -##\n> Hi", "Oui."),
    "a journey is no header": (
        "De : Lyon\nÀ : Casablanca\nJeudi si possible.",
        "De : Lyon\nÀ : Casablanca\nJeudi si possible.",
    ),
    "nothing but the quotation": (f"\n\nLe 01/12/2026 à 09:12, Portulan a écrit :\n{quoted(OURS)}\n", ""),
    "proton en": (
        f"Sounds good.\n\nSent with Proton Mail secure email.\n\nOn Tuesday, December 1st, 2026 at 9:12 AM, Portulan <r@x.example> wrote:\n\n{quoted(OURS)}",
        "Sounds good.",
    ),
    "gmx de": (
        (
            'Passt.\n\nGesendet: Dienstag, 01. Dezember 2026 um 09:12 Uhr\nVon: "Portulan" <r@x.example>\nAn: anna@gmx.example\n'
            "Betreff: Nachricht\n\nZitat"
        ),
        "Passt.",
    ),
    "yahoo fr": (
        f"Très bien.\n\nEnvoyé à partir de Yahoo Mail pour iPhone\n\nLe mardi 1 décembre 2026 à 09:12:00 UTC+1, Portulan <r@x.example> a écrit :\n\n{OURS}",
        "Très bien.",
    ),
}

HTML: dict[str, tuple[str, str]] = {
    "gmail": (
        (
            '<div dir="ltr">Oui &amp; merci.<div><br></div><div>Anna</div></div><br><div class="gmail_quote"><div dir="ltr" '
            'class="gmail_attr">Le mar. 1 déc. 2026 à 09:12, Portulan &lt;<a href="mailto:r@x.example">r@x.example</a>&gt; a '
            f'écrit :<br></div><blockquote class="gmail_quote"><div>{MARKER_FR}</div><p>Bonjour</p></blockquote></div>'
        ),
        "Oui & merci.\n\nAnna",
    ),
    "outlook": (
        (
            '<html><head><style>p {margin:0}</style></head><body><p class="MsoNormal">Bonjour,</p><p class="MsoNormal">&nbsp;</p>'
            '<p class="MsoNormal">C’est d’accord.</p><div style="border-top:solid #E1E1E1 1.0pt"><p><b>De&nbsp;:</b> Portulan '
            "&lt;r@x.example&gt;<br><b>Envoyé&nbsp;:</b> mardi 1 décembre 2026 09:12<br><b>À&nbsp;:</b> Anna<br><b>Objet&nbsp;:</b> "
            "Bonjour</p></div><p>cité</p></body></html>"
        ),
        "Bonjour,\n\nC’est d’accord.",
    ),
    "apple mail": (
        (
            '<html><body>Sure, see you there.<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>On 1 Dec '
            f"2026, at 09:12, Portulan &lt;r@x.example&gt; wrote:</div><br><div>{MARKER_EN}</div></blockquote></div></body></html>"
        ),
        "Sure, see you there.",
    ),
    "thunderbird": (
        (
            "<html><body><p>Ja, gern.</p><ul><li>Montag</li><li>Dienstag</li></ul><div class='moz-cite-prefix'>Am 01.12.26 um 09:12 "
            f"schrieb Portulan:<br></div><blockquote type='cite'><p>{MARKER_FR}</p></blockquote></body></html>"
        ),
        "Ja, gern.\n\n- Montag\n- Dienstag",
    ),
    "hidden and active parts": (
        "<p>Oui.</p><div style='display:none'>secret</div><script>alert(1)</script><p style='mso-hide: all'>x</p>",
        "Oui.",
    ),
    "tags that are never closed": ("<p>Un<br>deux<div>trois<b>quatre", "Un\ndeux\ntroisquatre"),
}
