"""Words that stand beside names of places, in three languages."""

from typing import Final

CUES: Final = frozenset(
    "г город города городе городу городом гор село селе села пос поселок поселке поселка поселку аул ауле аула ауыл "
    "район районе района области область станция станции станции микрорайон разъезд қаласы қаласында қаласының қала "
    "ауылы ауылында ауылының ауданы ауданында облысы облысында каласы каласында ауылында кенті кентінде city town "
    "village district".split()
)
"""Words that say that the name beside them is a place."""
AFTER_CITY: Final = ("әкімдіг", "әкімі", "тұрғын", "қала", "халқ", "жұртшыл", "полицияс", "прокуратурас", "акимдиг",
                     "тургын", "кала", "residents", "police", "authorities", "akimat", "мұнайшы", "жұмысшы")  # fmt: skip
"""Beginnings of words that follow the name of a town («Орал әкімдігі»)."""
BEFORE_CITY: Final = ("жител", "акимат", "горсуд", "residents")
"""Beginnings of words that stand before the name of a town («жители Сатпаева»)."""
PREPOSITIONS: Final = frozenset("в во из под у близ возле через около in near at from outside around across".split())
FROM: Final = frozenset({"from", "из", "towards", "toward"})
INSIDE: Final = frozenset("в во in at across".split())
EMBASSIES: Final = ("посольств", "консульств", "генконсульств", "embass", "consulat", "елшілі", "консулды", "элчили",
                    "elshili", "elçili")  # fmt: skip
"""Beginnings of words that turn the name of a country into a building here."""
SEATS: Final = (*EMBASSIES, "ministry", "министерств", "мид")
"""Beginnings of words for offices whose seat is named when they speak («the Foreign Ministry in Astana said»)."""
SPEAKS: Final = ("said", "says", "told", "reject", "denied", "denies", "condemn", "confirm", "called", "warn", "urge", "issued",
                 "сообщ", "заяв", "опроверг", "отверг", "призва", "подтверд", "осуди", "назва", "предупред")  # fmt: skip
"""Beginnings of words by which such an office speaks; without one it is a place («outside the embassy in Astana»)."""
ORIGINS: Final = (
    "native",
    "born",
    "уроженец",
    "уроженк",
    "уроженц",
    "родивш",
    "родом",
    "гражданин",
    "гражданк",
    "граждан",
)
"""Beginnings of words before a place that somebody is from."""
FATES: Final = ("пропавш", "исчезнувш", "живущ", "проживающ", "погибш", "родивш", "учащ", "служивш", "воюющ", "работающ", "missing",
                "living", "killed", "disappeared")  # fmt: skip
"""Beginnings of words that tell what became of somebody elsewhere («портрет сына, пропавшего в Урумчи»)."""
BEFORE_TOPIC: Final = frozenset("против о об поддержку солидарности against about over anti".split())
"""Words after which a country is what something is about."""
PARTS_OF_COUNTRY: Final = ("област", "облыс", "район", "аудан", "округ", "region", "province", "district", "oblast")
"""Beginnings of words that make of an adjective before them a name («Мангистауская область»)."""
CITY_DISTRICTS: Final = {
    "KZ-71": ("алматы", "almaty", "байкон", "байқоң", "baikon", "baiqon", "есил", "есіл", "yesil", "esil", "нур", "нұра", "nura", "сарыарк",
              "сарыарқа", "saryark", "сарайш", "saraish"),
    "KZ-75": ("алатау", "alatau", "алмалы", "алмалин", "almaly", "ауэзов", "әуезов", "auezov", "бостанд", "bostand", "жетысу", "жетісу",
              "zhetysu", "медеу", "medeu", "наурызб", "nauryzb", "турксиб", "түрксіб", "turksib"),
    "KZ-79": ("абай", "abay", "abai", "фараби", "farabi", "енбекш", "еңбекш", "enbeksh", "каратау", "қаратау", "karatau", "qaratau",
              "туран", "тұран", "turan"),
}  # fmt: skip
"""Beginnings of the names of the districts of the three cities of their own, which towns and regions bear, too."""
VILLAGE: Final = ("ауыл", "аул", "село", "селе", "села", "сельск", "посел", "пос", "кент", "village", "settlement")
"""Beginnings of words beside the name of a village."""
NAMED_AFTER: Final = ("street", "avenue", "hill", "monument", "park", "улиц", "проспект", "переул", "көше", "коше", "даңғыл", "саябағ",
                      "саябақ", "бульвар", "boulevard")  # fmt: skip
"""Beginnings of words that follow the name of a town and make of it that of a street, a park, a hill or a statue."""
NAMED_BEFORE: Final = ("улиц", "проспект", "переул", "бульвар", "саду", "сада", "парке", "парка", "сквер", "памятник")
"""The same before it («в саду Шевченко»)."""
LEADS_TO: Final = ("дорог", "трасс", "шосс", "поезд", "рейс", "автобус", "highway", "road", "train", "flight", "bus")
"""Beginnings of words for what leads to a place or goes there."""
SURNAMES: Final = ("ев", "ева", "еву", "евым", "еве", "евой", "ов", "ова", "ову", "овым", "ове", "овой",
                   "ин", "ина", "ину", "иным", "ине", "иной",
                   "ev", "eva", "yev", "yeva", "ov", "ova")  # fmt: skip
"""Endings of surnames, which some towns carry."""
AFTER_GIVEN_NAME: Final = (*SURNAMES, "uly", "kyzy", "qyzy", "enko", "sky", "skiy", "ұлы", "қызы", "улы", "кызы", "енко",
                           "ский", "ского")  # fmt: skip
"""Endings of surnames and patronymics, which make of the name of a town before them a given name («Vladimir Kozlov»)."""
