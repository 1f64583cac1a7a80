"""Fixed phrases translated with a glossary that stands in the prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from podium.core.messages import ToolCall
from podium.core.tasks import TaskType

from ..checkable import Answer, Draft, Question, Solution, level
from .grammar import LONGEST

FAMILY = "translation"
TASK_TYPE = TaskType.TRANSLATION
WORKLOADS = ("support", "coding")

_PHRASES = {
    "support": (
        ("thank you", "vielen Dank", "merci beaucoup", "muchas gracias"),
        ("your order", "Ihre Bestellung", "votre commande", "su pedido"),
        ("on its way", "unterwegs", "en route", "en camino"),
        ("the invoice", "die Rechnung", "la facture", "la factura"),
        ("a refund", "eine Erstattung", "un remboursement", "un reembolso"),
        ("kind regards", "mit freundlichen Grüßen", "cordialement", "un cordial saludo"),
        ("out of stock", "nicht auf Lager", "en rupture de stock", "sin existencias"),
        ("within two days", "innerhalb von zwei Tagen", "dans les deux jours", "en dos días"),
        ("the return label", "das Rücksendeetikett", "l'étiquette de retour", "la etiqueta de devolución"),
        ("we are sorry", "es tut uns leid", "nous sommes désolés", "lo sentimos"),
        ("please wait", "bitte warten Sie", "veuillez patienter", "espere, por favor"),
        ("free of charge", "kostenlos", "gratuitement", "gratis"),
    ),
    "coding": (
        ("save file", "Datei speichern", "enregistrer le fichier", "guardar archivo"),
        ("open settings", "Einstellungen öffnen", "ouvrir les paramètres", "abrir ajustes"),
        ("invalid password", "ungültiges Passwort", "mot de passe invalide", "contraseña no válida"),
        ("try again", "erneut versuchen", "réessayer", "intentar de nuevo"),
        ("network error", "Netzwerkfehler", "erreur réseau", "error de red"),
        ("loading", "wird geladen", "chargement", "cargando"),
        ("delete account", "Konto löschen", "supprimer le compte", "eliminar cuenta"),
        ("sign out", "abmelden", "se déconnecter", "cerrar sesión"),
        ("no results", "keine Ergebnisse", "aucun résultat", "sin resultados"),
        ("upload complete", "Upload abgeschlossen", "envoi terminé", "carga completa"),
        ("new version", "neue Version", "nouvelle version", "nueva versión"),
        ("dark mode", "dunkles Design", "mode sombre", "modo oscuro"),
    ),
}
_LANGUAGES = ("German", "French", "Spanish")
_LEADS = {
    "support": ("Our reply is made of fixed phrases.", "Please translate these building blocks of a letter.", ""),
    "coding": ("These are strings of our user interface.", "Localise these interface texts.", ""),
}
_ASKS = (
    "Translate into {language} with the glossary: {phrases}. Separate them with semicolons, write nothing else.",
    "Use the glossary to put this into {language}: {phrases}. Reply with these alone, separated by semicolons.",
)
_READ = re.compile(r"(?:into \w+ with the glossary|into \w+): ((?:[^;.\n]+; )*[^;.\n]+)\. (?:Separate|Reply)")
_MARK = "\n\nGlossary:\n"


def make(rng: Random, workload: str) -> Draft:
    """Pick phrases, and a glossary that holds them among others."""
    column = rng.randint(1, 3)
    entries = rng.sample(_PHRASES[workload], rng.randint(4, 12))
    chosen = rng.sample(entries, rng.randint(1, min(7, len(entries))))
    ask = rng.choice(_ASKS).format(language=_LANGUAGES[column - 1], phrases="; ".join(entry[0] for entry in chosen))
    lead = rng.choice(_LEADS[workload])
    glossary = "\n".join(f"{entry[0]} = {entry[column]}" for entry in entries)
    expected = [entry[column] for entry in chosen]

    def judge(said: str, _calls: Sequence[ToolCall]) -> bool:
        return [part.strip(" .\n") for part in said.split(";")] == expected

    return Draft(
        text=f"{lead} {ask}".strip() + _MARK + glossary,
        difficulty=_difficulty(len(chosen), len(entries)),
        expected="; ".join(expected),
        judge=judge,
    )


def _difficulty(phrases: int, entries: int) -> int:
    return level(phrases + (entries - 4) / 4)


def solve(question: Question) -> Solution | None:
    """Look every phrase up."""
    ask, mark, table = question.text.partition(_MARK)
    match = _READ.search(ask) if mark and len(question.text) < LONGEST else None
    if match is None:
        return None
    glossary = dict(line.split(" = ", 1) for line in table.split("\n") if " = " in line)
    phrases = match[1].split("; ")
    if any(phrase not in glossary for phrase in phrases):
        return None
    right = [glossary[phrase] for phrase in phrases]

    def near_miss(rng: Random) -> Answer:
        i = rng.randrange(len(right))
        others = [value for value in glossary.values() if value != right[i]]
        slip = rng.choice([*others[:3], phrases[i]])
        return Answer(text="; ".join([*right[:i], slip, *right[i + 1 :]]))

    return Solution(
        family=FAMILY,
        task_type=TASK_TYPE,
        difficulty=_difficulty(len(phrases), len(glossary)),
        right=Answer(text="; ".join(right)),
        near_miss=near_miss,
        chatty=False,
    )
