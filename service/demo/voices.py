"""What people wrote under the article; all of it is made up, the addresses too."""

from dataclasses import dataclass

from models import Status

A, P, S, T = Status.APPROVED, Status.PENDING, Status.SPAM, Status.TRASH


@dataclass(frozen=True, slots=True)
class Voice:
    """One comment and what the moderator made of it.

    Args:
        days: how long ago it was written.
        status: where it stands; PENDING = nobody has decided.
        key: a name for those who answer it.
        answers: key of the comment it answers.
        owner: written by the blog's own author.
    """

    days: float
    status: Status
    name: str
    text: str
    website: str = ""
    key: str = ""
    answers: str = ""
    owner: bool = False


VOICES = (
    Voice(
        25.9,
        A,
        "Ines Calder",
        "Thank you for going, and for staying five weeks. Most reports on cocaine in the Amazon"
        " are written from a hotel in the capital. The line about the potatoes of the drug trade"
        " will stay with me.",
        key="ines",
    ),
    Voice(
        25.7,
        A,
        "Tom Brandt",
        "I worked in drug policy for eleven years. Everything here about seizures is right: we"
        " counted kilos because kilos can be counted. Nobody counted wells.",
        "https://tombrandt.example",
        key="tom",
    ),
    Voice(
        25.6,
        A,
        "Marta Quiroga",
        "Thank you, Tom. The nurse does count them, in a school notebook. I have asked her whether"
        " I may publish the list.",
        key="marta",
        answers="tom",
        owner=True,
    ),
    Voice(
        25.5,
        A,
        "Tom Brandt",
        "Please do. A table with forty lines would be worth more than our annual report.",
        "https://tombrandt.example",
        key="tom2",
        answers="marta",
    ),
    Voice(
        25.2,
        A,
        "Nurse on leave",
        "I did that round for two years on another river. Skin, eyes, miscarriages in the"
        " cattle. We sent water samples; the laboratory asked for a form that did not exist.",
        key="nurse",
        answers="tom2",
    ),
    Voice(
        25.0,
        A,
        "Ines Calder",
        "Which form? I am serious, I would like to ask for it.",
        key="ines2",
        answers="nurse",
    ),
    Voice(
        24.8,
        A,
        "Nurse on leave",
        "The one for *rivers without a gauge*. There is only one for rivers with a gauge.",
        key="nurse2",
        answers="ines2",
    ),
    Voice(
        24.6,
        A,
        "Tom Brandt",
        "That is the most exact description of the state I have read in years.",
        answers="nurse2",
    ),
    Voice(
        24.4,
        S,
        "Pure White Supply",
        "Best quality cocaine straight from source, 92% lab tested, discreet shipping worldwide."
        " Write us on Telegram @purewhitesupply or order at https://purewhite-shop.example"
        " Crypto accepted, reship guarantee.",
        "https://purewhite-shop.example",
    ),
    Voice(
        24.1,
        A,
        "Luz Marina",
        "Soy de un pueblo río arriba, no digo cuál. Todo es así, menos una cosa: al maestro"
        " tampoco le pagan. Gracias por escribir sin fotos de las caras.",
        key="luz",
    ),
    Voice(
        23.9,
        A,
        "Marta Quiroga",
        "Gracias a usted. Ninguna cara, ningún nombre, ningún recodo que se pueda encontrar en un"
        " mapa: eso fue lo acordado con todos.",
        answers="luz",
        owner=True,
    ),
    Voice(
        23.5,
        S,
        "casino bonus",
        "Great post! I bookmark your site. Visit https://lucky-spin-casino.example for 200 free"
        " spins, casino bonus no deposit, best online casino 2026 casino slots jackpot.",
        "https://lucky-spin-casino.example",
    ),
    Voice(
        22.8,
        A,
        "Renata Alves",
        "No nosso lado da fronteira é a mesma história com outros nomes. A pista de pouso vem"
        " primeiro, depois o gado, e no fim alguém diz que sempre foi pasto.",
        key="renata",
    ),
    Voice(
        22.1,
        A,
        "Dr. H. Okafor",
        "A question about the chemistry of the creeks: were the lime and the fuel measured"
        " downstream of one camp, or of several? The difference matters for what a filter can"
        " do.\n\nTwo things help, in my experience:\n\n1. sampling *before* and *after* the rains\n"
        "2. asking the women who wash, not the men who fish",
        "https://okafor-water.example",
        key="okafor",
    ),
    Voice(
        21.8,
        A,
        "Marta Quiroga",
        "Below one camp, and only once. It is a weakness of the piece and I should have said so.",
        answers="okafor",
        owner=True,
    ),
    Voice(
        21.0,
        T,
        "Patriot66",
        "Another bleeding heart sob story. These people are criminals and so is whoever writes"
        " excuses for them. You are a disgrace and should be ashamed, you stupid cow.",
    ),
    Voice(
        20.4,
        A,
        "Jonas Weidmann",
        "Ich habe lange in der Hafenlogistik gearbeitet. Der Satz über die Hafenarbeiter stimmt:"
        " Ein einziger Container, eine Nacht, das Gehalt von zwei Jahren. Wer nein sagt, sagt es"
        " danach nie wieder.",
        key="jonas",
    ),
    Voice(
        19.9,
        A,
        "Priya N.",
        "> Seizures have risen for ten years, and so has the area under coca.\n\nIs there a source"
        " for both curves on one page? I teach a class on policy and numbers, and this would be"
        " the perfect first lesson.",
        key="priya",
    ),
    Voice(
        19.7,
        A,
        "Tom Brandt",
        "The UN drug office publishes both, in different chapters. Put them side by side and the"
        " class is over in ten minutes.",
        "https://tombrandt.example",
        answers="priya",
    ),
    Voice(
        18.6,
        S,
        "SEO Rank Master",
        "Hi, I was looking at your website and you are missing out on traffic. We offer 5,000"
        " backlinks, DA 50+, first page of Google guaranteed. Cheap packages:"
        " https://rank-master.example",
        "https://rank-master.example",
    ),
    Voice(
        17.3,
        A,
        "Camille Perrin",
        "Très beau texte, sans un mot de trop. Une question : la coopérative de cacao existe-t-elle"
        " encore ? Nous serions quelques-uns à acheter directement.",
        key="camille",
    ),
    Voice(
        16.9,
        A,
        "Marta Quiroga",
        "Elle existe, mais sans route elle vend à l'intermédiaire. Je demande si une adresse peut"
        " être publiée.",
        answers="camille",
        owner=True,
    ),
    Voice(
        15.5,
        A,
        "سامي الحلبي",
        "تقرير هادئ وصادق. عندنا أيضًا يزرع الفلاح ما يطلبه المهرّب لأن لا أحد غيره يأتي إلى القرية."
        " شكرًا على الإصغاء إلى الناس.",
        key="sami",
    ),
    Voice(
        14.8,
        S,
        "buy research chems",
        "Peruvian flake, fishscale, crack, MDMA, ketamine. Overnight delivery USA UK EU. WhatsApp"
        " +1 555 0100 or visit https://fishscale-express.example https://flake-direct.example",
        "https://fishscale-express.example",
    ),
    Voice(
        14.1,
        A,
        "Ольга",
        "Читала с карандашом в руке. Самое страшное здесь не вертолёты, а бетонный пол с травой в"
        " трещинах.",
        key="olga",
    ),
    Voice(
        13.2,
        A,
        "W. Hartley",
        "I used cocaine for nine years and have been clean for four. I never once thought of a"
        " creek. I am not writing this to be forgiven, only because your last sentence asks"
        " whether anybody will ask. I am asking.",
        key="hartley",
    ),
    Voice(
        13.0,
        A,
        "Ines Calder",
        "Thank you for writing that here. It cannot have been easy.",
        answers="hartley",
    ),
    Voice(
        12.2,
        T,
        "anon",
        "first!!!",
    ),
    Voice(
        11.4,
        A,
        "Eduardo Paz",
        "A correction from an agronomist: cacao bears after three years on good soil, and on that"
        " soil hardly ever. The programme failed on paper before it failed on the river. What does"
        " grow there is açaí, and the cold room you mention would serve it too.",
        key="eduardo",
    ),
    Voice(
        10.6,
        A,
        "Kofi",
        "Long comment, sorry. I grew up next to a gold river, not a coca river, but the order of"
        " things is the same. First somebody pays for a plot. Then somebody pays for silence. Then"
        " the school loses its teacher, because a teacher earns less than a lookout. Then the fish"
        " go, and with the fish the grandmothers who sold them, and with the grandmothers the"
        " market, and with the market the boat that came on Thursdays.\n\nWhen the boat stops, the"
        " village has no way to sell anything that weighs more than it is worth. What weighs less"
        " than it is worth? Gold. Paste. Girls.\n\nSo when people say *alternative development*, I"
        " ask: does the boat come on Thursdays? If it does, everything else may follow. If it does"
        " not, you can plant what you like.",
        key="kofi",
    ),
    Voice(
        10.1,
        A,
        "Priya N.",
        "“Does the boat come on Thursdays?” goes on the board in my class tomorrow, with your"
        " name under it if you allow.",
        answers="kofi",
    ),
    Voice(
        9.0,
        S,
        "Louis Handbags Outlet",
        "replica handbags cheap outlet louis gucci prada AAA quality wholesale price free shipping"
        " [url=https://bag-outlet.example]replica bags[/url] https://bag-outlet.example/sale",
        "https://bag-outlet.example",
    ),
    Voice(
        7.7,
        T,
        "Mr. Right",
        "Legalise it or carpet bomb it, everything else is for cowards. Prove me wrong, losers.",
    ),
    Voice(
        6.2,
        A,
        "Ayelet",
        "תודה על הכתבה. אצלנו קוראים על סמים רק כשתופסים מישהו בשדה התעופה.",
    ),
    Voice(
        4.8,
        A,
        "Ben Achterberg",
        "Is there a way to support the women's cold room that does not pass through three"
        " foundations?",
        key="ben",
    ),
    Voice(
        2.6,
        P,
        "Renata Alves",
        "Sobre o açaí: concordo com o Eduardo, e já existe uma cooperativa a dois dias de barco"
        " que compra a fruta no porto.",
        answers="eduardo",
    ),
    Voice(
        1.9,
        P,
        "Gilda F.",
        "Could you say more about the Indigenous guard? Twelve people with radios against a"
        " cartel: who keeps them safe? And is the drug money already inside the council, as it"
        " was on our river?",
        "https://gilda-writes.example",
    ),
    Voice(
        1.4,
        P,
        "herbal relief",
        "Natural coca extract drops, 100% legal, boosts energy and focus! Order today with code"
        " AMAZON20 at https://coca-drops.example and feel the jungle power.",
        "https://coca-drops.example",
    ),
    Voice(
        0.9,
        P,
        "Mike",
        "so how many kilos of leaf for one kilo of the stuff? asking for a documentary",
    ),
    Voice(
        0.4,
        P,
        "Amelia",
        "Wonderful article, it is remarkable designed for me to read this piece of writing. I will"
        " share it with my friends. Feel free to visit my page about fast loans.",
        "https://fast-loans-now.example",
    ),
    Voice(
        0.1,
        P,
        "Jonas Weidmann",
        "An Camille: Die Kooperative hat inzwischen eine Adresse in Iquitos, ich habe dort Kaffee"
        " bestellt. `Bestellung per Brief`, kein Witz.",
        answers="camille",
    ),
)
