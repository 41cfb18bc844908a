"""How mail programs introduce what they quote and sign, in the languages that their users meet. Data only.

Everything is compared without regard to case. `{label: kind}` and tuples of words; the patterns are built in `quoting`.
"""

from __future__ import annotations

WROTE = (
    "wrote", "writes", "написал", "написала", "написали", "написал(а)", "пишет", "пишут", "писал", "писала", "писали",
    "писал(а)", "сообщил", "сообщает", "написав", "пише", "напісаў", "a écrit", "écrit", "schrieb", "schreibt",
    "geschrieben", "schreef", "ha scritto", "scrive", "escribió", "escribe", "va escriure", "escreveu", "skrev",
    "napisał", "napisała", "napisał(a)", "kirjoitti", "írta", "napsal", "napsala", "napsal(a)", "napísal", "a scris",
    "yazdı", "έγραψε", "rašė", "rakstīja", "kirjutas", "napisao", "је написао", "написа",
)  # fmt: skip

OPENINGS = (
    "on", "at", "в", "во", "вы писали", "le", "am", "op", "il", "in data", "el", "em", "a", "den", "dnia", "w dniu",
    "dne", "dňa", "az", "pe", "la", "dana", "на", "у", "you wrote",
)  # fmt: skip
"""Words that an attribution line may begin with before its date."""

CALENDAR_WORDS = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun",
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье", "среду", "пятницу", "субботу",
    "пн", "вт", "ср", "чт", "пт", "сб", "вс", "неділя", "понеділок", "вівторок", "середа", "п'ятниця",
    "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "mo", "di", "mi", "do", "fr",
    "sa",
    "so", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lun", "mar", "mer", "jeu", "ven",
    "sam", "dim", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "gio", "sab", "dom",
    "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "mié", "jue", "vie", "sáb",
    "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "seg", "ter", "qua", "qui", "sex",
    "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "ma", "wo", "vr", "za", "zo",
    "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag", "måndag", "tisdag", "lördag", "söndag",
    "man", "tir", "ons", "tor", "tors", "tis", "lør", "søn", "ti", "ke", "to", "su",
    "poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela", "pon", "wt", "śr", "czw", "pt",
    "sob", "niedz", "pondělí", "úterý", "středa", "čtvrtek", "pátek", "neděle", "po", "út", "st", "čt", "pá", "ne",
)  # fmt: skip

HEADER_LABELS = {
    "from": (
        "from", "от", "от кого", "отправитель", "від", "від кого", "von", "de", "van", "da", "fra", "från", "od",
        "lähettäjä", "feladó", "expéditeur", "remitente", "kimden", "de la", "кімнен",
        "από", "发件人", "差出人", "보낸 사람",
    ),
    "date": (
        "sent", "date", "sent on", "отправлено", "дата", "дата отправки", "надіслано", "gesendet", "datum", "envoyé",
        "envoyé le", "message du", "date d'envoi", "verzonden", "inviato", "data", "fecha", "enviado", "enviado el",
        "enviada em", "enviado em", "sendt", "dato", "skickat", "wysłano", "wysłane", "lähetetty", "päiväys",
        "elküldve",
        "dátum", "odesláno", "odoslané", "gönderildi", "tarih", "trimis",
        "изпратено", "жіберілді", "στάλθηκε", "发送时间", "送信日時",
    ),
    "to": (
        "to", "кому", "an", "à", "a", "aan", "para", "per", "til", "till", "do", "vastaanottaja", "címzett", "komu",
        "pro", "kime", "către", "до", "кімге", "προς",
        "收件人", "宛先",
    ),
    "cc": ("cc", "copy", "копия", "копія", "kopie", "copie", "copie à", "copia", "kopi", "kopia", "kopio", "抄送"),
    "subject": (
        "subject", "тема", "betreff", "objet", "sujet", "onderwerp", "oggetto", "asunto", "assunto", "emne", "ämne",
        "temat", "aihe", "tárgy", "předmět", "predmet", "konu", "subiect", "относно", "тақырып", "θέμα",
        "主题", "件名",
    ),
}  # fmt: skip
"""Labels of the header block that stands above a quotation in Outlook's way, by what they label."""

ORIGINAL_MESSAGE = (
    "original message", "original appointment", "исходное сообщение", "исходное письмо", "первоначальное сообщение",
    "оригинальное сообщение", "вихідне повідомлення", "ursprüngliche nachricht", "originalnachricht",
    "message d'origine", "message original", "oorspronkelijk bericht", "origineel bericht", "messaggio originale",
    "mensaje original", "mensagem original", "oprindelig besked", "oprindelig meddelelse", "opprinnelig melding",
    "original melding", "ursprungligt meddelande", "originalmeddelande", "wiadomość oryginalna",
    "oryginalna wiadomość",
    "alkuperäinen viesti", "eredeti üzenet", "původní zpráva", "pôvodná správa", "orijinal mesaj",
)  # fmt: skip

FORWARDED_MESSAGE = (
    "forwarded message", "forwarded by", "begin forwarded message", "пересылаемое сообщение", "пересланное сообщение",
    "переадресованное сообщение", "перенаправленное сообщение", "начало переадресованного сообщения",
    "начало пересылаемого сообщения", "переслане повідомлення", "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht", "message transféré", "message transmis", "doorgestuurd bericht",
    "messaggio inoltrato", "inizio messaggio inoltrato", "mensaje reenviado", "mensagem encaminhada",
    "videresendt besked", "videresendt melding", "vidarebefordrat meddelande", "wiadomość przekazana",
    "przekazana wiadomość", "välitetty viesti", "továbbított üzenet", "přeposlaná zpráva", "iletilen mesaj",
)  # fmt: skip

SENT_WITH = (
    "sent from", "sent with", "sent via", "sent using", "get outlook for",
    "отправлено с", "отправлено со", "отправлено из",
    "отправлено от", "отправлено через", "отправлено в", "отправлено мобильной", "послано с", "надіслано з",
    "gesendet von", "gesendet mit", "von meinem", "holen sie sich outlook", "envoyé de", "envoyé depuis",
    "envoyé à partir", "envoyé avec", "obtenir outlook", "obtenez outlook", "télécharger outlook", "inviato da",
    "inviato con", "scarica outlook", "ottieni outlook", "enviado desde", "enviado do", "enviado de",
    "enviado a partir",
    "obtener outlook", "obter o outlook", "verzonden vanaf", "verzonden met", "verstuurd vanaf", "outlook voor",
    "sendt fra", "skickat från", "skickades från", "hämta outlook", "hent outlook", "wysłane z", "wysłano z",
    "lähetetty", "odesláno z", "odoslané z", "telefonomról", "скачать outlook", "получить outlook", "outlook для",
)  # fmt: skip
"""What a mail program or telephone signs with."""

SALUTATIONS = (
    "hi", "hello", "hey", "dear", "greetings", "good morning", "good afternoon", "good evening", "good day",
    "коллеги", "уважаемые коллеги", "уважаемый", "уважаемая", "уважаемые", "добрый день", "добрый вечер",
    "доброе утро", "доброго дня", "доброго времени суток", "день добрый", "здравствуйте", "здравствуй", "приветствую",
    "привет", "всем привет", "всем добрый день",
)  # fmt: skip

QUOTED_ELEMENTS = (
    "blockquote", "*.yahoo_quoted", "*.protonmail_quote", "*.mail-quote-collapse", "*.zmail_extra",
    "*.moz-forward-container", "*.ms-outlook-mobile-reference-message", "*.tutanota_quote", "*.gmail_attr",
    "*#OLK_SRC_BODY_SECTION", "*#mail-editor-reference-message-container", "*#isForwardContent", "*#isReplyContent",
)  # fmt: skip
"""Elements that hold nothing but a quotation: `tag`, `*.class` or `*#id`."""

QUOTED_FROM_HERE = ("*#divRplyFwdMsg", "*#appendonsend", "*#stopSpelling", "*#zwchr")
"""Elements after which everything is a quotation."""

SIGNATURE_NAME = "signature"
"""A part of the class or the id of an element that a program puts a signature into."""
