"""The web archive brought up to date: what changed is read from the archive, and its pages are made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import blake2b
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from archive import issues, markers, meetings, sources
from archive.bulk import in_bulk
from archive.markers import digest
from archive.records import StoredMeeting
from archive.store import Archive
from flows import issue_pages, site_workers
from flows.opening import existing_archive
from flows.settings import Settings
from flows.steps import alone, load_catalogue
from parsers.records import Advance, Source
from reports import series
from reports.accounts import Outlets
from reports.atom import LISTED, export_atom
from reports.firsts import Past
from reports.site import data
from reports.site.around import Neighbours
from reports.site.build import Contents, build_lists
from reports.site.folder import Folder, Kept, Manifest, load, save
from reports.site.meeting_pages import Done, Task, Told
from reports.site.paths import address, meeting_page

FOLDER = "site"
FEED = "feed.atom"


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What one build did: where the site is, how many files it has, and how many are new or changed."""

    index: Path
    files: int
    written: int


def build_site(
    settings: Settings, *, full: bool = False, out: Path | None = None, on_chunk: Advance | None = None
) -> SiteReport:
    """Bring the web archive in `out` (default: the home's `site`) up to date; `full` makes every page anew.

    The same archive gives the same bytes. `on_chunk` is told of each chunk of meetings made and how many there are.
    Raises `InputError` when there is no archive, `archive.locks.Busy` when another process builds the site,
    `ArchiveError` when a file cannot be written.
    """
    with (
        in_bulk(),
        existing_archive(settings) as archive,
        alone(archive, "site") as lease,
    ):

        def advance(what: str, total: int) -> None:
            lease.check()
            if on_chunk:
                on_chunk(what, total)

        catalogue = load_catalogue(settings).sources
        means = site_workers.Means(
            settings.home,
            settings.archive_url,
            Outlets.of(catalogue),
            settings.tz,
            out or settings.home / FOLDER,
            settings.site_url,
        )
        with site_workers.Workers(archive, means) as workers:
            return _Build(settings, archive, catalogue, means.out, workers, full=full).run(advance, lease.check)


class _Build:
    """One build: what the archive holds now, and what was built before."""

    def __init__(
        self,
        settings: Settings,
        archive: Archive,
        catalogue: Sequence[Source],
        out: Path,
        workers: site_workers.Workers,
        *,
        full: bool,
    ) -> None:
        self.settings, self.archive, self.catalogue, self.workers = settings, archive, catalogue, workers
        last = load(out)
        with archive.read() as session:
            if full or not last.meetings:
                workers.begin(meetings.count_meetings(session))
            self.markers = markers.markers(session)
            self.outlines = [each for each in meetings.outlines(session) if each.meeting.id in self.markers]
            self.merged = markers.aliases(session)
            self.withdrawn = markers.withdrawn(session)
            first_run = issues.first_run_at(session)
            attempts = [state.last_attempt for state in sources.states(session).values()]
        self.past = Past.of(self.outlines)
        self.today = _today(filter(None, attempts), self.outlines, settings.tz)
        self.base = digest(_program(), settings.zone, settings.site_url, *self.catalogue, first_run, self.past.starts)
        anew = full or last.base != self.base
        # what a page was made from is forgotten, but not that there is one
        self.issues = {week: replace(each, inputs="") for week, each in last.issues.items()} if anew else last.issues
        self.last = Manifest(pages=dict.fromkeys(last.pages, "")) if anew else last
        self.folder = Folder(out, self.last.pages)

    def run(self, advance: Advance, check: Callable[[], None]) -> SiteReport:
        """Everything, in the order in which one thing rests on another; `check` raises when it is not alone."""
        pages = issue_pages.IssuePages(
            self.settings, self.archive, self.catalogue, self.outlines, self.past, self.markers, self.issues
        )
        told = pages.build(self.folder, self.workers)
        kept, parts = self._meetings(issue_pages.told(told, self.merged), advance)
        self.workers.dismiss()
        check()
        self._data(kept, parts)
        self._feed(kept)
        newest = told[max(told)] if told else None
        build_lists(
            self.folder,
            Contents(
                cards=[each.card for each in kept.values()],
                issues=[told[week].line for week in sorted(told)],
                lead=newest.lead if newest else "",
                sources=self.catalogue,
                series={each.name: each for each in reversed(series.calendar(self.outlines, day=self.today))},
                merged={id_: heir for id_, heir in self.merged.items() if heir in kept},
                withdrawn=sorted({*self.withdrawn, *(old for old, heir in self.merged.items() if heir not in kept)}),
                today=self.today,
                zone=self.settings.zone,
            ),
        )
        files = dict(sorted(self.folder.pages.items()))
        check()
        save(self.folder.out, Manifest(self.base, kept, files, told))
        return SiteReport(self.folder.out / "index.html", len(files), self.folder.written)

    def _meetings(self, told: Mapping[str, Told], advance: Advance) -> tuple[dict[str, Kept], dict[str, data.Parts]]:
        """Makes the pages of the meetings that changed: all meetings, and the new ones' parts of the data files."""
        near = Neighbours(self.outlines, self.markers)
        inputs = {id_: digest(marker.whole, near.digest(id_), told.get(id_)) for id_, marker in self.markers.items()}
        stale = [id_ for id_ in self.markers if self._is_stale(id_, inputs[id_])]
        jobs = [
            site_workers.MeetingsJob(
                Task({id_: told.get(id_, Told()) for id_ in some}),
                tuple(dict.fromkeys(other for id_ in some for other in near.circle(id_))),
            )
            for some in site_workers.chunks(stale)
        ]
        made: dict[str, Done] = {}
        for done in self.workers.each(site_workers.make_meetings, jobs, self.past, tells_of=len(stale)):
            made.update((each.card.id, each) for each in done)
            advance("meetings", len(jobs))
        self.folder.written += sum(each.written for each in made.values())
        kept = {}
        for id_, each in inputs.items():
            if id_ in made:
                kept[id_] = Kept(each, made[id_].card, tuple(map(len, made[id_].parts)))
            elif id_ not in stale:
                kept[id_] = self.last.meetings[id_]
        return kept, {id_: each.parts for id_, each in made.items()}

    def _is_stale(self, meeting_id: str, inputs: str) -> bool:
        wanted = self.folder.wants(meeting_page(meeting_id), inputs)
        last = self.last.meetings.get(meeting_id)
        return wanted or last is None or last.inputs != inputs

    def _data(self, kept: dict[str, Kept], made: Mapping[str, data.Parts]) -> None:
        """The data files; parts of meetings that did not change are taken from the files of the last build."""
        inputs = digest(*((id_, each.inputs) for id_, each in kept.items()))
        if not [name for name in data.FILES if self.folder.wants(name, inputs)]:
            return
        frame = data.frame()
        parts = {**({} if len(made) == len(kept) else self._last_parts(frame)), **made}
        for stored in self._read([id_ for id_ in kept if id_ not in parts]):
            id_ = stored.meeting.id
            parts[id_] = data.parts_of(stored, self._addresses([id_]).get(id_))
            kept[id_] = replace(kept[id_], lengths=tuple(map(len, parts[id_])))
        for name, content in zip(data.FILES, data.joined([parts[id_] for id_ in kept], frame), strict=True):
            self.folder.put(name, content)

    def _last_parts(self, frame: data.Frame) -> dict[str, data.Parts]:
        files = [self.folder.out / name for name in data.FILES]
        if not all(file.is_file() for file in files):
            return {}
        lengths = {id_: each.lengths for id_, each in self.last.meetings.items()}
        return data.taken_apart([file.read_bytes() for file in files], lengths, frame)

    def _feed(self, kept: Mapping[str, Kept]) -> None:
        """The feed of the meetings known last; theirs alone are read whole."""
        held = [each for each in self.outlines if each.meeting.id in kept and each.held_known_at and not each.filed]
        newest = sorted(held, key=lambda each: (each.held_known_at, each.meeting.id))[-LISTED:]
        ids = [stored.meeting.id for stored in newest]
        if self.folder.wants(FEED, digest(*(kept[id_].inputs for id_ in ids))):
            pages = self._addresses(ids)
            site = address(self.settings.site_url, "index.html") if pages else None
            self.folder.put(FEED, export_atom(self._read(ids), pages=pages, site=site).encode())

    def _addresses(self, ids: Iterable[str]) -> dict[str, str]:
        site = self.settings.site_url
        return {id_: address(site, meeting_page(id_)) for id_ in ids} if site else {}

    def _read(self, ids: Sequence[str]) -> list[StoredMeeting]:
        with self.archive.read() as session:
            return [each for some in site_workers.chunks(ids) for each in meetings.meetings_by_id(session, some)]


def _today(attempts: Iterable[datetime], outlines: Iterable[StoredMeeting], zone: ZoneInfo) -> date:
    """The day for which the archive speaks: that of its last poll, else of what it learned last."""
    moments = [*attempts] or [stored.first_seen for stored in outlines]
    return max(moments, default=datetime(1970, 1, 1, tzinfo=UTC)).astimezone(zone).date()


def _program() -> str:
    """A digest of all that turns records into pages, so that a new version of it makes every page anew."""
    found = blake2b(digest_size=10)
    for package, pattern in (("reports", "**/*.py"), ("reports", "templates/site/*"), ("meetings", "**/*.toml")):
        root = Path(str(resources.files(package)))
        for path in sorted(root.glob(pattern)):
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
