"""What an account has of tests and guides, for those who go through all of it: its deletion and its export."""

from dataclasses import dataclass
from typing import Final

from server.domain.guides.service import Guides
from server.domain.testing.evaluations import Evaluations
from server.domain.testing.states import LIVE
from server.domain.testing.submissions import TestSubmissions
from server.domain.testing.test_sets import TestSets
from server.errors import Conflict, NotFound

_AT_ONCE: Final = 50


@dataclass(frozen=True)
class Testing:
    submissions: TestSubmissions
    test_sets: TestSets
    evaluations: Evaluations
    guides: Guides

    def end_evaluations(self, user_id: str) -> bool:
        """Asks every live evaluation to end; True when none is left."""
        left = 0
        after = None
        while True:
            page = self.evaluations.page(user_id, limit=_AT_ONCE, after=after)
            for evaluation in page.data:
                if evaluation.state in LIVE:
                    try:
                        left += self.evaluations.cancel(user_id, evaluation.id).state in LIVE
                    except (Conflict, NotFound):  # It ended by itself at this moment.
                        left += 1
            if not page.has_more:
                return left == 0
            after = page.data[-1].id

    def delete_evaluations(self, user_id: str) -> bool:
        """Some of them; False when there were none. So for the others here."""
        page = self.evaluations.page(user_id, limit=_AT_ONCE, after=None)
        for evaluation in page.data:
            self.evaluations.delete(user_id, evaluation.id)
        return bool(page.data)

    def delete_test_sets(self, user_id: str) -> bool:
        page = self.test_sets.page(user_id, limit=_AT_ONCE, after=None)
        for test_set in page.data:
            self.evaluations.delete_test_set(user_id, test_set.id)
        return bool(page.data)

    def delete_submissions(self, user_id: str) -> bool:
        page = self.submissions.page(user_id, limit=_AT_ONCE, after=None)
        for submission in page.data:
            self.submissions.delete(user_id, submission.id)
        return bool(page.data)

    def delete_guides(self, user_id: str) -> bool:
        page = self.guides.page(user_id, limit=_AT_ONCE, after=None)
        for guide in page.data:
            self.guides.delete(user_id, guide.id)
        return bool(page.data)
