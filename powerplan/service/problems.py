"""Errors as problem details (RFC 9457), with the codes of the command line."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from powerplan.errors import EXIT_MEANINGS, ExitCode, InputError, PowerplanError
from powerplan.service.documents import ProblemDocument, ProblemItem

MEDIA_TYPE = "application/problem+json"
STATUS_OF_EXIT = {
    ExitCode.USAGE: HTTPStatus.UNPROCESSABLE_ENTITY,
    ExitCode.DATA: HTTPStatus.UNPROCESSABLE_ENTITY,
    ExitCode.MODEL: HTTPStatus.UNPROCESSABLE_ENTITY,
    ExitCode.RESOURCE: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""HTTP status of what the command line says with an exit code; 500 for the others."""


class HttpProblem(Exception):
    """A request that is refused; `headers` go with the answer."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, code, detail, headers)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}

    def document(self) -> ProblemDocument:
        """As problem details."""
        exit_code = ExitCode.RESOURCE if self.status in (429, 503, 507) else ExitCode.USAGE
        return ProblemDocument(type=_type(self.code), title=HTTPStatus(self.status).phrase, status=self.status,
                               detail=self.detail, code=self.code, exit_code=exit_code)


class FoundProblem(HttpProblem):
    """What a process found, passed on as it is."""

    def __init__(self, found: ProblemDocument) -> None:
        super().__init__(found.status, found.code, found.detail)
        self.found = found

    def document(self) -> ProblemDocument:
        """As problem details."""
        return self.found


def refused(error: PowerplanError) -> ProblemDocument:
    """What powerplan refuses, as problem details."""
    if isinstance(error, InputError):
        items = [ProblemItem(**asdict(problem)) for problem in error.problems]
        first = items[0] if items else ProblemItem(code="InputError", message="cannot be used")
        place = f"{first.file}:{first.line}:{first.column}: " if first.line else ""
        return _document(first.code, ExitCode.DATA, f"{place}{first.message}", items, error.hidden_count)
    name = type(error).__name__
    return _document(name, error.exit_code, str(error), [ProblemItem(code=name, message=str(error))])


def failed(code: str, exit_code: ExitCode, detail: str) -> ProblemDocument:
    """What went wrong otherwise: a process died, time ran out."""
    return _document(code, exit_code, detail, [ProblemItem(code=code, message=detail)])


def _document(code: str, exit_code: ExitCode, detail: str, items: list[ProblemItem], hidden: int = 0
              ) -> ProblemDocument:
    status = STATUS_OF_EXIT.get(exit_code, HTTPStatus.INTERNAL_SERVER_ERROR)
    return ProblemDocument(type=_type(code), title=EXIT_MEANINGS[exit_code], status=status, detail=detail, code=code,
                           exit_code=exit_code, problems=items, hidden_count=hidden)


def _type(code: str) -> str:
    return f"urn:powerplan:problem:{code}"


def request_problem(errors: list[Any]) -> ProblemDocument:
    """A request body or parameter that the models refuse."""
    items = [ProblemItem(code="Request", path=".".join(str(step) for step in error["loc"]),
                         message=str(error["msg"])[:500]) for error in errors[:50]]
    detail = f"{items[0].path}: {items[0].message}" if items else "the request cannot be read"
    return ProblemDocument(type=_type("Request"), title="the request cannot be used", status=422, detail=detail,
                           code="Request", exit_code=ExitCode.USAGE, problems=items,
                           hidden_count=max(0, len(errors) - 50))
