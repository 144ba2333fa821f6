"""A survey from end to end: what is to be done, what is done already, the rest on Ray, and what came of it all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set

import msgspec

from bnlint.survey import SurveyError, cluster, source, tables, work
from bnlint.survey.places import Place
from bnlint.survey.records import Account
from bnlint.survey.source import Block
from bnlint.survey.summary import Summary
from bnlint.survey.work import Job, Told


def run(job: Job, address: str | None, cpus: int | None, tell: Callable[[str], None]) -> Summary:
    """Do what is left to do. Raises SurveyError and SettingsError."""
    work.plan_of(job.terms)  # settings that cannot be used are told before anything is done
    destination = _open(job)
    try:
        table = source.open_source(job.source)
        blocks, unread = source.plan(table, job.columns, job.rows)
        total = sum(block.stop - block.start for block in blocks)
        _claim(destination, job)
        keys, there = _keys(job, blocks), tables.done(destination)
        account, problems, done = Account(), [*unread.values()], there.keys() & keys.keys()
        # What came of a file that cannot be read just now is not old.
        tables.discard(destination, {*done, *(key for key in there if key.startswith(tuple(map(source.prefix, unread))))})
        for key in done:
            account.add(there[key])
        if account.rows < total:
            tell(f"{account.rows} of {total} rows are done")
            for told in _work(job, blocks, keys, done, address, cpus):
                problems += told.problems
                account.add(told.account)
                tell(f"{account.rows} of {total} rows are done")
        summary = Summary.of(account, total, problems)
        (destination / "summary.json").write(summary.as_json().encode())
    except (source.Unfit, OSError) as problem:
        raise SurveyError(" ".join(str(problem).split())) from None
    return summary


def _open(job: Job) -> Place:
    try:
        return source.open_source(job.destination)
    except source.Unfit as problem:
        raise SurveyError(str(problem)) from None


def _claim(destination: Place, job: Job) -> None:
    """Begin a survey at a place, or go on with it. Raises SurveyError if another one is there."""
    place, mine = destination / "survey.json", job.identity()
    if place.info().is_file:
        try:
            theirs = msgspec.json.decode(place.read())
        except msgspec.DecodeError:
            theirs = None
        if theirs != mine:
            other = [key for key in mine if not isinstance(theirs, dict) or theirs.get(key) != mine[key]]
            raise SurveyError(
                f"{destination.address}: holds a survey with another {', '.join(other)} (survey.json tells); choose another destination"
            )
        return
    if destination.files(hidden=True):
        raise SurveyError(f"{destination.address}: is neither empty nor a survey; choose another destination")
    place.write(msgspec.json.format(msgspec.json.encode(mine), indent=2))


def _keys(job: Job, blocks: Sequence[Block]) -> dict[str, bytes]:
    """The parts of the survey: the key of each, with the block, or the number of the bucket, that it comes of."""
    terms = msgspec.json.encode(job.identity()).decode()
    if job.columns.group_by is None:
        return {block.key(terms): msgspec.msgpack.encode(block) for block in blocks}
    state = source.state(blocks)
    return {_bucket_key(terms, state, number): str(number).encode() for number in range(_buckets(job, blocks))}


def _bucket_key(terms: str, state: str, number: int) -> str:
    return source.digest(terms.encode(), state.encode(), str(number).encode())


def _buckets(job: Job, blocks: Sequence[Block]) -> int:
    return max(1, -(-sum(block.stop - block.start for block in blocks) // job.rows))


def _work(
    job: Job, blocks: Sequence[Block], keys: Mapping[str, bytes], done: Set[str], address: str | None, cpus: int | None
) -> Iterator[Told]:
    """Do the parts that are not done. Raises SurveyError."""
    with cluster.connected(address, cpus):
        items = [msgspec.msgpack.encode(block) for block in blocks]
        try:
            if job.columns.group_by is None:
                left = [item for key, item in keys.items() if key not in done]
                answers = cluster.each(work.survey_block, left, [job])
            else:
                of_bucket = {int(number): key for key, number in keys.items() if key not in done}
                answers = cluster.together(work.read_block, work.BUCKET, work.survey_bucket, items, [job, of_bucket, len(keys)])
            for answer in answers:
                yield msgspec.json.decode(answer["told"], type=Told)
        except Exception as error:
            last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            raise SurveyError(f"Ray gave up: {last[0]} (what is done is kept: the same command goes on)") from error
