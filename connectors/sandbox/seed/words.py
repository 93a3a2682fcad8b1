"""The words a made-up population is built from: names, companies, mail hosts and plain business sentences. Data only."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FRENCH_FIRST = _words(
    """Adèle Adrien Agathe Aïcha Alban Alexis Alix Amandine Amélie Anaïs André Antoine Apolline Armand Arnaud Arthur
    Astrid Aubin Aude Augustin Aurélie Axel Barnabé Baptiste Bastien Béatrice Benoît Bérénice Blandine Brice Camille
    Capucine Carine Célestin Céline Cédric Chloé Clément Clémence Clotilde Colette Constance Corentin Cyril Damien
    Daphné Delphine Denis Diane Dorian Edgar Édith Élise Élodie Éloi Émile Emma Enzo Étienne Eulalie Fabien Fanny
    Faustine Félix Fernand Flavie Florent Gabin Gaëlle Gaspard Gauthier Geoffroy Germain Ghislaine Gilles Gwenaëlle
    Hadrien Hélène Héloïse Honorine Hugo Inès Irène Isaure Jacinthe Jérôme Joachim Joséphine Judith Julien Juliette
    Justine Karim Katell Laure Lazare Léa Léonie Liliane Lison Loïc Lorraine Louise Lucien Ludivine Maël Maïwenn
    Malik Manon Marceau Margaux Marius Mathilde Maud Maxence Mélanie Mireille Morgane Nadia Nathan Ninon Noémie Octave
    Odile Olympe Ombeline Pascaline Perrine Philippine Quentin Rachel Raphaël Régis Rémi Romane Rosalie Sacha Salomé
    Samia Sébastien Sidonie Solène Suzanne Sylvain Tanguy Théo Thibault Timothée Ulysse Valentin Victoire Violette
    Virgile Wassim Xavier Yann Yasmine Yolande Youssef Yvon Zélie Zoé"""
)
ENGLISH_FIRST = _words(
    """Abigail Aidan Alastair Alfred Alison Amber Amelia Angus Arabella Archie Aubrey Barnaby Beatrix Bethany Bradley
    Bridget Bryony Callum Catriona Cecily Clarissa Clifford Connor Cordelia Cressida Daisy Darcy Declan Dexter Dominic
    Duncan Edmund Eleanor Elspeth Emmeline Ethan Evelyn Felicity Fergus Finlay Fiona Flora Francesca Freya Gemma Giles
    Gordon Graham Greta Gwendolen Hamish Harriet Hazel Hector Henrietta Hilary Hugh Imogen India Isla Jasper Jemima
    Jocelyn Keira Kenneth Kirsten Lachlan Leonora Lionel Lorna Lydia Mabel Malcolm Marigold Maxwell Miles Minnie Moira
    Murray Nadine Nigel Octavia Olive Orla Oscar Ottilie Percival Perdita Petra Phoebe Piers Poppy Quincy Ralph Rhona
    Roderick Rosalind Rowena Rufus Rupert Saskia Sebastian Sheila Sienna Silas Stella Tabitha Tamsin Tobias Ursula
    Verity Violet Wallace Wilfred Winifred Zara"""
)
FRENCH_LAST = (
    _words("Brév Quer Vald Marqu Tourn Chass Lorm Bress Fauv Grév Noirv Pélis Rocq Sauv Thév Verg Cors Dauv"),
    _words(
        """aldieu enzac ignault oncourt aumont essieux illadre ombreuil andivel asselier evaux ivonnet ouzelle aincourt
        enoise ubrac angeville issandre ordelet alombe erainville iquelin"""
    ),
)
ENGLISH_LAST = (
    _words("Thorn Hather Wexl Quill Marl Bram Cald Drax Elth Fenw Grims Harrow Ister Kestr Lang Merr Ravens"),
    _words(
        """sleigh combe ingworth aldby erthwaite ockley ashott eldine urstow ifield ambury astoke enhythe ossiter
        owgate umbold adlington ipworth"""
    ),
)
COMPANY = {
    "fr": _words("Ateliers Fonderies Maison Transports Cabinet Imprimerie Menuiserie Logistique Serrurerie"),
    "en": _words("Logistics Timber Engineering Textiles Consulting Packaging Instruments Bakeries Software"),
}
MAIL_HOSTS = ("courriel.example", "webmail.example", "boite-postale.example", "mailhouse.example")

BUSINESS = {
    "fr": (
        "Budget validé pour le second trimestre.",
        "Rappeler en janvier pour la démonstration.",
        "Souhaite un devis pour vingt licences.",
        "Contrat cadre à renouveler avant l'été.",
        "Préfère être joint le mardi matin.",
        "Décision attendue après le comité de direction.",
        "Livraison à prévoir sur deux sites.",
        "Compare notre offre avec deux concurrents.",
        "Demande une remise sur le volume annuel.",
        "Facturation à l'adresse du siège.",
    ),
    "en": (
        "Budget approved for the second quarter.",
        "Call back in January about the demo.",
        "Wants a quote for twenty seats.",
        "Framework contract to renew before the summer.",
        "Prefers to be called on Tuesday mornings.",
        "Decision expected after the board meeting.",
        "Delivery to be split over two sites.",
        "Compares our offer with two competitors.",
        "Asks for a discount on the yearly volume.",
        "Invoices go to the head office.",
    ),
}
