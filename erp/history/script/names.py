"""Made-up names of agents and companies, in several scripts, and phones that are valid and nobody's in particular."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from random import Random

FINNISH_FIRST = (
    "Aino Anni Antti Eero Eeva Elina Emilia Hanna Heikki Helmi Henrik Iida Ilkka Jaakko Jari Johanna Juha Kaisa"
    " Katri Lauri Leena Maija Markus Mikko Minna Niko Oona Otso Pekka Päivi Riikka Saara Sami Sanna Tapio Tiina"
    " Tuomas Veera Ville Väinö"
)
FINNISH_LAST = (
    "Aalto Ahonen Hakala Heikkinen Hiltunen Hämäläinen Järvinen Kallio Karjalainen Kinnunen Koskinen Laaksonen"
    " Laine Lehtonen Leino Lindqvist Mattila Mäkelä Nieminen Niskanen Ojala Pitkänen Rantala Räsänen Saarinen"
    " Salonen Savolainen Tuominen Vainio Virtanen"
)
RUSSIAN_MEN = "Алексей Андрей Артём Борис Виктор Дмитрий Егор Иван Кирилл Михаил Павел Роман Сергей Тимур"
RUSSIAN_WOMEN = "Алла Анна Вера Дарья Екатерина Елена Зоя Ирина Ксения Марина Нина Ольга Полина Юлия"
FATHERS = "Андреев Борисов Викторов Дмитриев Иванов Львов Михайлов Олегов Павлов Петров Романов Сергеев"
RUSSIAN_LAST = (
    "Абрамов Белов Воронин Громов Ершов Жданов Зимин Калинин Лапшин Морозов Никитин Орлов Панин Рыбаков Соловьёв"
    " Тарасов Ушаков Фомин Хохлов Чернов"
)
OTHERS = (
    ("ნინო ბერიძე", "ნინო ბ."),
    ("გიორგი კაპანაძე", "გიორგი კ."),
    ("Αλέξανδρος Παπαδόπουλος", "Αλέξανδρος Π."),
    ("محمد الحداد", "محمد ا."),
    ("ليلى منصور", "ليلى م."),
    ("נועה לוי", "נועה ל."),
    ("Łukasz Woźniak", "Łukasz W."),
    ("Nguyễn Thị Hương", "Hương N."),
    ("Trần Văn Minh", "Minh T."),
    ("Şule Yıldız", "Şule Y."),
    ("Åsa Öhman", "Åsa Ö."),
    ("Արամ Սարգսյան", "Արամ Ս."),
    ("Zoë O’Connor", "Zoë O."),
    ("Jürgen Groß", "Jürgen G."),
    ("Søren Kjær", "Søren K."),
    ("Ελένη Καραγιάννη", "Ελένη Κ."),
)
"""Full name, and how a bank shortens it."""
COMPANY_FIRST = "Kallion Töölön Punavuoren Hakaniemen Itä Pohjolan Meren Kaupungin Vanhan Uuden Saimaan Etelän Lapin Kesän"
COMPANY_LAST = "Keittiö Kulma Ravintolat Kahvilat Salongit Leipomo Catering Ruokala Kattaus Herkku"
COMPANIES = (
    "ООО «Северный хлеб»",
    "ООО «Кофе и точка»",
    "ИП Лаптева И. В.",
    "Bröd & Smör Ab",
    "თბილისი სუფრა Oy",
    "Ελληνική Γεύση Oy",
)
MOBILE = {"+358": ("40", "44", "45", "50"), "+7": ("903", "911", "916", "921", "926", "981")}
LATIN = str.maketrans("äöåé", "aoae")


@dataclass(frozen=True)
class Person:
    """`called` is the short name at the bank, as it tells whom it would pay."""

    name: str
    called: str
    phone: str
    email: str | None


def people(rng: Random, number: int) -> list[Person]:
    """So many different people with different phones: half Finnish, two fifths Russian, the rest from elsewhere."""
    russian, foreign = number * 2 // 5, min(number // 12, len(OTHERS))
    names = [
        *(
            (f"{first} {last}", f"{first} {last[0]}.")
            for first, last in _finns(rng, number - russian - foreign)
        ),
        *_russians(rng, russian),
        *rng.sample(OTHERS, foreign),
    ]
    rng.shuffle(names)
    phones = _phones(rng, names)
    return [
        Person(name, called, phone, _email(rng, name))
        for (name, called), phone in zip(names, phones, strict=True)
    ]


def _finns(rng: Random, number: int) -> list[tuple[str, str]]:
    return rng.sample(list(product(FINNISH_FIRST.split(), FINNISH_LAST.split())), number)


def _russians(rng: Random, number: int) -> list[tuple[str, str]]:
    """“Петрова Анна Сергеевна”, who is “Анна Сергеевна П.” to the bank."""
    men = [(first, last, "", "ич") for first, last in product(RUSSIAN_MEN.split(), RUSSIAN_LAST.split())]
    women = [(first, last, "а", "на") for first, last in product(RUSSIAN_WOMEN.split(), RUSSIAN_LAST.split())]
    names = []
    for first, last, ending, patronymic in rng.sample(men + women, number):
        second = rng.choice(FATHERS.split()) + patronymic
        names.append((f"{last}{ending} {first} {second}", f"{first} {second} {last[0]}."))
    return names


def _phones(rng: Random, names: list[tuple[str, str]]) -> list[str]:
    taken: set[str] = set()
    phones: list[str] = []
    for name, _ in names:
        country = "+7" if "\u0400" <= name[0] <= "\u04ff" else "+358"
        while (phone := f"{country}{rng.choice(MOBILE[country])}{rng.randrange(10**7):07}") in taken:
            pass
        taken.add(phone)
        phones.append(phone)
    return phones


def _email(rng: Random, name: str) -> str | None:
    """Half of those whose name is in plain letters gave an address."""
    plain = name.lower().translate(LATIN).replace(" ", ".")
    return f"{plain}@example.com" if plain.isascii() and rng.random() < 0.5 else None


def company(rng: Random) -> str:
    if rng.random() < 0.12:
        return rng.choice(COMPANIES)
    return f"{rng.choice(COMPANY_FIRST.split())} {rng.choice(COMPANY_LAST.split())} Oy"
