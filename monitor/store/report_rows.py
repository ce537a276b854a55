"""Reports and their wordings as rows."""

from typing import Any

from sqlalchemy import Row

from monitor.domain.changes import StoredReport
from monitor.domain.reports import Report
from monitor.store.values import (
    compact_json,
    microseconds,
    moment,
    optional_microseconds,
    optional_moment,
    optional_storable,
    storable,
)

Values = dict[str, Any]


def version_values(report: Report, report_id: str, version: str) -> Values:
    """The row of one wording. Ids are given, because making them costs a hash each."""
    return {
        "version": version,
        "report": report_id,
        "source": report.source,
        "title": optional_storable(report.title),
        "text": storable(report.text),
        "link": optional_storable(report.link),
        "published_at": optional_microseconds(report.published_at),
        "observed_at": microseconds(report.observed_at),
        "edited": report.edited,
        "edited_at": optional_microseconds(report.edited_at),
        "forwarded_from": optional_storable(report.forwarded_from),
        "reply_to": optional_storable(report.reply_to),
        "views": report.views,
        "media": compact_json([[media.kind, media.details] for media in report.media]) if report.media else None,
        "is_service": report.is_service,
    }


def head_values(report: Report, report_id: str, version: str) -> Values:
    """The row of the post as a whole, as this wording leaves it."""
    return {
        "id": report_id,
        "source": report.source,
        "origin": storable(report.origin),
        "key": storable(report.key),
        "at": microseconds(report.at),
        "seen_at": microseconds(report.observed_at),
        "latest": version,
        "versions": 1,
        "deleted_at": None,
    }


def stored_report(row: Row[Any]) -> StoredReport:
    """A post with its latest wording; without text where retention or damage took it."""
    return StoredReport(
        id=row.id,
        version=row.latest,
        source=row.source,
        origin=row.origin,
        key=row.key,
        title=row.title,
        text=row.text,
        link=row.link,
        published_at=optional_moment(row.published_at),
        observed_at=moment(row.seen_at if row.observed_at is None else row.observed_at),
        forwarded_from=row.forwarded_from,
        edited=bool(row.edited),
        versions=row.versions,
        deleted_at=optional_moment(row.deleted_at),
    )


def report(row: Row[Any]) -> Report:
    """The wording of a row joined with its post; without what is attached to it."""
    return Report(
        source=row.source,
        origin=row.origin,
        key=row.key,
        text=row.text,
        title=row.title,
        link=row.link,
        published_at=optional_moment(row.published_at),
        observed_at=moment(row.observed_at),
        edited=row.edited,
        forwarded_from=row.forwarded_from,
    )
