"""All hostile tokens, grouped by defect, with the requirements that forbid them."""

from collections.abc import Callable, Iterator

from tests.unit.auth import hostile_claims, hostile_forms, hostile_signatures
from tests.unit.auth.hostile import Hostile

SOURCES: dict[Callable[[], Iterator[Hostile]], tuple[str, ...]] = {
    hostile_forms.not_three_segments: ("AUTH-FR-013",),
    hostile_forms.too_long: ("AUTH-FR-012",),
    hostile_forms.other_credentials: ("AUTH-FR-018",),
    hostile_forms.other_spellings: ("AUTH-FR-013",),
    hostile_forms.wrong_algorithms: ("AUTH-FR-017",),
    hostile_forms.wrong_types: ("AUTH-FR-016",),
    hostile_forms.extensions: ("AUTH-FR-015",),
    hostile_forms.ambiguous_json: ("AUTH-FR-014",),
    hostile_claims.wrong_times: ("AUTH-FR-027", "AUTH-FR-028", "AUTH-FR-029", "AUTH-FR-030"),
    hostile_claims.wrong_parties: ("AUTH-FR-031", "AUTH-FR-032"),
    hostile_claims.wrong_users: ("AUTH-FR-034",),
    hostile_claims.tokens_for_other_ends: ("AUTH-FR-035", "AUTH-FR-036", "AUTH-FR-037"),
    hostile_signatures.forgeries: ("AUTH-FR-022",),
    hostile_signatures.curve_tricks: ("AUTH-FR-022",),
    hostile_signatures.other_secrets: ("AUTH-FR-022", "AUTH-FR-023"),
    hostile_signatures.confusions: ("AUTH-FR-021", "AUTH-FR-022"),
    hostile_signatures.wrong_names: ("AUTH-FR-041",),
    hostile_signatures.keys_of_their_own: ("AUTH-FR-023",),
}
