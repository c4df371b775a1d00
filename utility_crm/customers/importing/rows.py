"""The documented columns of a customer file, one row an account at a premise."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from utility_crm.customers.reach import normal_form, written_form
from utility_crm.kit.errors import Invalid


def _blank_to_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _yes_no(value: Any) -> Any:
    words = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False, "": False}
    key = str(value or "").strip().lower()
    if key not in words:
        raise ValueError("say yes or no")
    return words[key]


Text = Annotated[str, Field(min_length=1, max_length=200)]
MaybeDay = Annotated[date | None, BeforeValidator(_blank_to_none)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]


class OfColumn(ValueError):
    """What is wrong of one column, found by looking at several together."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(f"{column}: {why}")
        self.column = column


class CustomerRow(BaseModel):
    """One row. What the installed packages' own columns hold stays in `others`."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, extra="forbid")

    line: int
    customer_number: Text
    name: Text
    account_number: Text
    segment: Literal["household", "small_business", "industry"] = "household"
    kind: Literal["person", "organisation"] = "person"
    language: str = Field("en", pattern="^[a-z]{2}(-[A-Z]{2})?$")
    since: MaybeDay = None
    email: str = ""
    phone: str = ""
    messenger: str = ""
    post: str = ""
    tags: str = ""
    medical: YesNo = False
    vulnerable: YesNo = False
    flag_detail: str = ""
    flag_consented_on: MaybeDay = None
    flag_review_on: MaybeDay = None
    payer_number: str = ""
    cycle_day: int = Field(1, ge=1, le=28)
    terms_days: int = Field(14, ge=0, le=120)
    currency: str = Field(pattern="^[A-Z]{3}$")
    payment_method: str = "transfer"
    opened_on: MaybeDay = None
    premise_code: str = ""
    address: str = ""
    city: str = ""
    postcode: str = ""
    country: str = Field(pattern="^[A-Z]{2}$")
    timezone: str
    network_node: str = ""
    moved_in_on: MaybeDay = None
    others: dict[str, str] = Field(default_factory=dict)

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        if not value:
            return ""
        try:
            return validate_email(value, check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise ValueError(str(error)) from error

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is no IANA time zone, such as Europe/London")
        return value

    @model_validator(mode="after")
    def _together(self) -> CustomerRow:
        if self.phone:
            self.phone_normal  # noqa: B018 - raises when it is no number
        if (self.medical or self.vulnerable) and not (self.flag_consented_on and self.flag_review_on):
            missing = "flag_review_on" if self.flag_consented_on else "flag_consented_on"
            raise OfColumn(missing, "medical and vulnerable need flag_consented_on and flag_review_on")
        if self.premise_code and not self.address:
            raise OfColumn("address", "a premise needs its address")
        if self.address and not self.premise_code:
            raise OfColumn("premise_code", "an address needs its premise_code")
        return self

    @property
    def phone_normal(self) -> str:
        """The phone in E.164 form. Raises OfColumn when it is no number of the row's country."""
        try:
            return normal_form("phone", self.phone, self.country)
        except Invalid as error:
            raise OfColumn("phone", error.message) from error

    @property
    def phone_written(self) -> str:
        """The phone with its country, as it is read and called."""
        return written_form("phone", self.phone, self.country)


REQUIRED = ("customer_number", "name", "account_number")
COLUMNS = tuple(name for name in CustomerRow.model_fields if name not in {"line", "others"})
