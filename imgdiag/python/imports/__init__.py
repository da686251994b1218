"""Import safety: which folders of tests, documentation and examples nothing in the image imports.

Each Python source is read in the one pass over the layers and turned at once into the few
references that can reach such a folder (`digest`); after the merge they are resolved to folders
(`proof`). A folder that no reference reaches is safe to remove. How that is judged, and what it
does not see, is in docs/import-safety.md.
"""

from imgdiag.python.imports.candidates import Candidate, find_candidates
from imgdiag.python.imports.proof import check_imports
from imgdiag.python.imports.verdict import Evidence, ImportCheck, Proof, Verdict

__all__ = [
    "Candidate",
    "Evidence",
    "ImportCheck",
    "Proof",
    "Verdict",
    "check_imports",
    "find_candidates",
]
