"""How mail servers say in words that a mail did not arrive. Data only; every pattern is bounded."""

from __future__ import annotations

import re

_ADDRESS = r"[\w.!#$%&*+/=?^`{|}~-][\w.!#$%&'*+/=?^`{|}~-]{0,100}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}"
ADDRESS = re.compile(rf"(?<![\w.!#$%&*+/=?^`{{|}}~@-]){_ADDRESS}")
TYPED = re.compile(r"(?:\"[^\"\n]{1,100}\"|[^\s<>;:,'\"()@][^\s<>;:,\"()@]{0,100})@[^\s<>;,()@'\"]{1,255}")
MAILER = re.compile(r"(?<![\w.-])mail(?:er)?[-_.]?daemon(?![\w-])|mail delivery (?:sub)?system", re.IGNORECASE)
DAEMON = re.compile(
    r"(?<![\w.-])(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|post[-_]?master|mail[-_]?delivery|noreply-maildaemon"
    r"|mmdf|smtp|root|administrator)[\w.-]{0,20}(?:[@\s>\"\\]|$)|mail delivery (?:sub)?system"
    r"|(?:anti[-_]?virus|smtp[-_]|imss|mail[-_]gateway)[\w.-]{0,40}@",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    r"undeliver|undelivr|deliver(?:y|ing)\s(?:status|fail|warning|report|has\sfailed|problem|delayed|incomplete|notification|error)"
    r"|returned\s(?:mail|to\ssender)|return(?:ed)?\smail|mail\s(?:delivery\s)?(?:fail|could\snot|error|status|problem|returned)"
    r"|failure\s(?:notice|delivery)|fail(?:ure|ed)\s(?:to\sdeliver|delivery|mail)|could\snot\sbe\s(?:delivered|sent)"
    r"|non[-\s]?deliver|unable\sto\sdeliver|not\s(?:been\s)?delivered|delayed|warning:\s(?:could\snot|message)|bounce"
    r"|rejected|mail\ssystem\serror|user\sunknown|unknown\suser|error\ssending|permanent\serror|message\sstatus"
    r"|недоставлен|не\sдоставлено|не\sуда(?:лось|[её]тся)\sдоставить|не\sможет\sбыть\sдоставлено|ошибка\sдоставки|задержка\sдоставки"
    r"|unzustellbar|nicht\szugestellt|nicht\szustellbar|échec|non\sremis|non\sdistribu|no\sse\sha\spodido|no\sentregad"
    r"|mancata\sconsegna|niet\sbezorg|nie\sdostarczon|não\sentreg",
    re.IGNORECASE,
)
TEXT = re.compile(
    r"(?:could|can)\s?not\sbe\s(?:delivered|sent)|wasn.t\sable\sto\sdeliver|unable\sto\sdeliver|not\s(?:been\s)?delivered"
    r"|delivery\s(?:to|has)\b.{0,80}\bfailed|did\snot\sreach|user\sunknown|mailbox\s(?:is\s)?full|undeliverable"
    r"|message\sto\s\S{1,100}\swas\srejected|no\ssuch\suser|invalid\suser\saddress|has\sbeen\s(?:postponed|returned\sbecause)"
    r"|returned\sto\ssender|не\s(?:было|было\sбы|может\sбыть|удалось)?\s?доставлен|permanent\s(?:error|failure)",
    re.IGNORECASE,
)
DELAYED = re.compile(
    r"delayed|(?:will|to)\s(?:be\sretried|keep\strying|continue\s(?:to\stry|trying)|try\sagain|retry)|still\strying|postponed"
    r"|not\syet\s(?:been\s)?delivered|warning\sonly|warning:\s(?:could\snot|message)|do\snot\sneed\sto\sresend"
    r"|no\saction\sis\srequired|delivery\sattempts\swill\scontinue|could\snot\ssend\smessage\sfor\spast"
    r"|попытки\sдоставки\s.{0,40}продолж|задерж",
    re.IGNORECASE,
)
GIVEN_UP = re.compile(
    r"giving\sup|given\sup|gave\sup|(?:permanent|fatal)\s(?:error|failure|fail)|retry\stime(?:out)?\sexceeded|undeliverable"
    r"|this\sis\sa\spermanent",
    re.IGNORECASE,
)
TEMPORARY = re.compile(
    r"temporar|timed?[\s-]?out|timeout|expired|quota|mailbox\s(?:is\s)?full|not\srespond|multiple\sretries|socket\serror"
    r"|did\snot\saccept\sour\srequests\sto\sconnect|connection\s(?:refused|reset)|not\sreachable|for\sthe\slast\s\d"
    r"|failed\s\d{1,4}\sattempts|aborted\safter|failing\sfor\sa\slong|not\sbeen\scollected|deferred",
    re.IGNORECASE,
)
NOT_DELIVERED_TO = re.compile(
    rf"(?:could|can)\s?not\sbe\s(?:delivered|sent)\sto:?\s{{0,5}}(?:the\sfollowing\s[^\n@]{{0,40}}\s{{1,5}})?<?{_ADDRESS}",
    re.IGNORECASE,
)
REFUSED_BY_RECEIPT = re.compile(r"automatically\srejected", re.IGNORECASE)
STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
SMTP_CODE = re.compile(r"(?<![\d.-])[45][0-5]\d(?=[\s,-]|$)", re.MULTILINE)

FOLLOWING = re.compile(
    r"(?:(?:following|these)\s(?:recipient|address|user)|следующ\w{1,3}\s(?:получател|адрес)"
    r"|folgenden?\s(?:empfänger|adresse)|destinataires?\ssuivants?|adresses?\ssuivantes?)[^\n]{0,80}\n",
    re.IGNORECASE,
)
LEADING = re.compile(
    rf"^(?:(?:<<<[ ])?[45]\d\d[ ])?[ \t*>]{{0,12}}<?({_ADDRESS})>?[ \t]*(?::|$|\(|\.\.\.|,|;|on\s)", re.MULTILINE
)
LABELLED = re.compile(
    rf"(?:recipients?|\bto|user|addressee|addresses|rcpt\sto|mailbox|account)[^\n@<>]{{0,40}}?[\s:<\"'(]({_ADDRESS})",
    re.IGNORECASE,
)
SENDER = re.compile(
    rf"\b(?:from|sender|message-id|mail\sfrom|return-path|by|reply-to)\b[^\n]{{0,3}}[:<]\s{{0,3}}(?:\"[^\"\n]{{0,100}}\"\s)?<?{_ADDRESS}",
    re.IGNORECASE,
)
EXCUSES = re.compile(
    r"^[^\n]{0,300}(?:contact|assistance|help|questions|support)[^\n]{0,300}", re.IGNORECASE | re.MULTILINE
)
RETURNED_MAIL = re.compile(
    r"^\W{0,10}(?:[-=_*]{2,80}(?!.{0,40}transcript).{0,60}"
    r"(?:original|copy|body|header|returned|included|unsent|follows|message|below).{0,60}"
    r"|.{0,40}(?:this\sis\sa\scopy\sof|below\sthis\sline|text\sof\s(?:your|the)\smessage|unsent\smessage"
    r"|message\s(?:header|text)s?\sfollow|your\smessage\sfollows).{0,80}"
    r"|.{0,40}(?<!your\s)original\s(?:message|mail)(?:\s(?:as\s)?follows)?\W{0,40}$|(?:return-path|received):\s|content-type:\s(?:message/rfc822|text/rfc822-headers))",
    re.IGNORECASE | re.MULTILINE,
)
