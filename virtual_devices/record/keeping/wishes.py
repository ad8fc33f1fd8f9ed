"""What a home is wanted to be, kept in its record: written before anybody is told that a wish is accepted, and carried over to each new run."""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.edge.files.write import why
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError
from virtual_devices.kit.home.revisions import Revision, revised
from virtual_devices.kit.home.wanted import Wanted
from virtual_devices.record.keeping.keeper import Keeper
from virtual_devices.record.store.writer import RecordWriter


class Wishes:
    """The revisions of a home.

    run: that is under way; None while there is none.  wall: the time of day, UTC seconds.  say: told what cannot be read.
    """

    def __init__(self, keeper: Keeper, run: Callable[[], str | None], wall: Callable[[], float], say: Callable[[str], None]) -> None:
        self._keeper, self._run, self._wall, self._say = keeper, run, wall, say
        self.revisions: tuple[Revision, ...] = ()
        """Oldest first, the present one last."""
        self._unread = ""
        keeper.opened = self._carry_over

    def find(self) -> tuple[Revision, ...]:
        """What an earlier host left; what cannot be read does not count, see ``tell_unread``. Call it before any run is given up."""
        try:
            self.revisions = self._keeper.runs.revisions(self._run())
        except (ConfigurationError, OSError) as error:
            self._unread = str(error)
        return self.revisions

    def tell_unread(self) -> None:
        """Say what could not be read, now that the home begins all the same."""
        if self._unread:
            self._say(f"{self._unread}; what was changed live is forgotten, and the home file alone holds")

    def note(self, wanted: Wanted, by: str) -> None:
        """Take what holds anyhow, such as a home file; it is written as soon as that can be."""
        self.revisions = revised(self.revisions, wanted, by, self._wall())

    def want(self, wanted: Wanted, by: str) -> None:
        """Take a wish. Raises ConfigurationError where it cannot be kept; then nothing has changed."""
        revisions = revised(self.revisions, wanted, by, self._wall())
        run = self._run()
        try:
            if run is not None:
                self._keeper.open(run).want(revisions)
            elif not self._keeper.runs.want(revisions):
                raise ConfigurationError("this home has no record yet to keep a wish in; try again once its clock has begun")
        except OSError as error:
            raise ConfigurationError(f"the wish cannot be kept in {self._keeper.runs.folder}: {why(error)}; make room, and wish again") from None
        except AlreadyRunningError as error:
            raise ConfigurationError(f"the wish cannot be kept: {error}") from None
        self.revisions = revisions

    def _carry_over(self, writer: RecordWriter) -> None:
        """Before anything else, a record has what is wanted: whenever its host is killed, that holds."""
        if self.revisions:
            writer.want(self.revisions)
