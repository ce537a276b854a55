"""Kinds and families of event as short names in three languages, for pages, messages and tables.

A native reader should look through the Kazakh before a release.
"""

from typing import Final, Literal

from monitor.domain.kinds import EventKind, Family

Language = Literal["ru", "kk", "en"]
Names = dict[Language, str]

KIND_NAMES: Final[dict[EventKind, Names]] = {
    EventKind.ASSEMBLY_PROTEST: {"en": "protest", "ru": "протест", "kk": "наразылық"},
    EventKind.ASSEMBLY_SINGLE_PICKET: {"en": "single picket", "ru": "одиночный пикет", "kk": "жалғыз пикет"},
    EventKind.ASSEMBLY_PERMIT_DENIED: {"en": "gathering not permitted", "ru": "митинг не согласован", "kk": "жиынға рұқсат берілмеді"},
    EventKind.LABOUR_STRIKE: {"en": "strike", "ru": "забастовка", "kk": "ереуіл"},
    EventKind.UNREST_VIOLENCE: {"en": "violence in the streets", "ru": "беспорядки", "kk": "тәртіпсіздік"},
    EventKind.POLICE_DETENTION: {"en": "detentions", "ru": "задержания", "kk": "ұстау"},
    EventKind.POLICE_PREVENTIVE: {"en": "activists held back", "ru": "превентивное давление", "kk": "алдын ала ұстау"},
    EventKind.POLICE_KETTLING: {"en": "people in a police ring", "ru": "люди в полицейском кольце", "kk": "полиция қоршауы"},
    EventKind.POLICE_FORCE: {"en": "use of force", "ru": "применение силы", "kk": "күш қолдану"},
    EventKind.POLICE_LETHAL: {"en": "lethal force", "ru": "стрельба, погибшие", "kk": "оқ ату, қаза"},
    EventKind.CUSTODY_ILL_TREATMENT: {"en": "ill-treatment in custody", "ru": "жестокое обращение под стражей", "kk": "қамаудағы қинау"},
    EventKind.CUSTODY_DEATH: {"en": "death in custody", "ru": "смерть под стражей", "kk": "қамаудағы өлім"},
    EventKind.CUSTODY_RELEASE: {"en": "release", "ru": "освобождение", "kk": "босату"},
    EventKind.PROSECUTION_ADMINISTRATIVE: {"en": "administrative arrest or fine", "ru": "административный арест или штраф", "kk": "әкімшілік қамақ не айыппұл"},
    EventKind.PROSECUTION_CRIMINAL: {"en": "criminal case", "ru": "уголовное дело", "kk": "қылмыстық іс"},
    EventKind.ASSOCIATION_BAN: {"en": "ban of an organisation", "ru": "запрет организации", "kk": "ұйымға тыйым"},
    EventKind.MEDIA_ATTACK: {"en": "attack on journalists", "ru": "нападение на журналистов", "kk": "журналистерге шабуыл"},
    EventKind.MEDIA_BLOCK: {"en": "news site blocked", "ru": "блокировка сайта СМИ", "kk": "БАҚ сайты бұғатталды"},
    EventKind.DEFENDER_HARASSMENT: {"en": "pressure on defenders", "ru": "давление на правозащитников", "kk": "құқық қорғаушыларға қысым"},
    EventKind.NET_BLACKOUT_NATIONAL: {"en": "national internet blackout", "ru": "интернет отключён по стране", "kk": "ел бойынша интернет өшті"},
    EventKind.NET_BLACKOUT_LOCAL: {"en": "local internet cut", "ru": "интернет отключён в одном месте", "kk": "бір жерде интернет өшті"},
    EventKind.NET_MOBILE_ONLY: {"en": "mobile internet cut", "ru": "нет мобильного интернета", "kk": "мобильді интернет жоқ"},
    EventKind.NET_OUTAGE: {"en": "outage, cause unknown or technical", "ru": "сбой связи", "kk": "байланыс іркілісі"},
    EventKind.NET_SERVICE_BLOCK: {"en": "messengers or networks blocked", "ru": "блокировка мессенджеров", "kk": "мессенджерлер бұғатталды"},
    EventKind.NET_THROTTLING: {"en": "internet slowed down", "ru": "замедление интернета", "kk": "интернет баяулады"},
    EventKind.NET_ALLOWLIST_OR_MITM: {"en": "white list or interception", "ru": "белый список или перехват", "kk": "ақ тізім не ұстап қалу"},
    EventKind.NET_RESTORED: {"en": "internet restored", "ru": "интернет восстановлен", "kk": "интернет қалпына келді"},
    EventKind.STATE_EMERGENCY: {"en": "emergency measures", "ru": "чрезвычайные меры", "kk": "төтенше шаралар"},
    EventKind.ELECTION_INCIDENT: {"en": "election incident", "ru": "нарушение на выборах", "kk": "сайлаудағы бұзушылық"},
    EventKind.CIVIC_RATING_CHANGE: {"en": "rating of freedoms changed", "ru": "изменён рейтинг свобод", "kk": "бостандық рейтингі өзгерді"},
    EventKind.SYSTEM_SOURCE_SILENT: {"en": "a source is silent", "ru": "источник молчит", "kk": "дереккөз үнсіз"},
    EventKind.SYSTEM_SOURCE_UNREACHABLE: {"en": "a source cannot be reached", "ru": "источник недоступен", "kk": "дереккөз қолжетімсіз"},
    EventKind.SYSTEM_OWN_LINE_DOWN: {"en": "our own line is down", "ru": "наша линия не работает", "kk": "өз желіміз істемейді"},
    EventKind.SYSTEM_STORE_DAMAGED: {"en": "our store was damaged", "ru": "хранилище было повреждено", "kk": "қойма зақымданды"},
    EventKind.SYSTEM_AGENT_REFUSED: {"en": "an agent's messages were refused", "ru": "сообщения агента отклонены", "kk": "агент хабарлары қабылданбады"},
    EventKind.SYSTEM_AGENT_CLOCK: {"en": "an agent's clock is wrong", "ru": "у агента сбиты часы", "kk": "агенттің сағаты дұрыс емес"},
    EventKind.SYSTEM_MESSAGES_DROPPED: {"en": "messages were dropped", "ru": "сообщения потеряны", "kk": "хабарлар жоғалды"},
}  # fmt: skip

FAMILY_NAMES: Final[dict[Family, Names]] = {
    Family.ASSEMBLY: {"en": "protest", "ru": "протест", "kk": "наразылық"},
    Family.LABOUR: {"en": "strike", "ru": "забастовка", "kk": "ереуіл"},
    Family.UNREST: {"en": "unrest", "ru": "беспорядки", "kk": "тәртіпсіздік"},
    Family.POLICE: {"en": "detentions and police action", "ru": "задержания и действия полиции", "kk": "ұстау және полиция әрекеті"},
    Family.CUSTODY: {"en": "people in custody", "ru": "люди под стражей", "kk": "қамаудағы адамдар"},
    Family.PROSECUTION: {"en": "prosecution", "ru": "преследование", "kk": "қудалау"},
    Family.ASSOCIATION: {"en": "ban of an organisation", "ru": "запрет организации", "kk": "ұйымға тыйым"},
    Family.MEDIA: {"en": "pressure on the media", "ru": "давление на СМИ", "kk": "БАҚ-қа қысым"},
    Family.DEFENDER: {"en": "pressure on defenders", "ru": "давление на правозащитников", "kk": "құқық қорғаушыларға қысым"},
    Family.NET: {"en": "internet disruption", "ru": "перебои интернета", "kk": "интернет іркілісі"},
    Family.STATE: {"en": "emergency measures", "ru": "чрезвычайные меры", "kk": "төтенше шаралар"},
    Family.ELECTION: {"en": "election incident", "ru": "нарушение на выборах", "kk": "сайлаудағы бұзушылық"},
    Family.CIVIC: {"en": "rating of freedoms", "ru": "рейтинг свобод", "kk": "бостандық рейтингі"},
    Family.SYSTEM: {"en": "our own blindness", "ru": "мы плохо видим", "kk": "біз нашар көріп тұрмыз"},
}  # fmt: skip
