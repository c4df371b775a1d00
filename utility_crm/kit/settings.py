"""Settings, read once from the environment (prefix `UTILITY_CRM_`)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from utility_crm.kit.countries import countries, nearest_country

CHECKOUT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Every knob of the platform. Each can be set as `UTILITY_CRM_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="UTILITY_CRM_", extra="ignore")

    home: Path | None = Field(
        None, description="folder of the embedded server, secrets and logs; one per checkout"
    )
    database_url: str | None = Field(None, description="any PostgreSQL 18; the embedded server when absent")
    public_url: str | None = Field(
        None, description="address under which customers reach this, for links in letters; https://..."
    )
    pool_size: int = Field(10, ge=1, description="database connections a web process keeps")
    host: str = Field("127.0.0.1", description="address the web process binds to")
    port: int = Field(8000, ge=1, le=65535, description="port the web process binds to")
    secret_key: str | None = Field(None, description="signs cookies; made once in the home when absent")
    secret_keys_before: str = Field(
        "",
        description="keys that secret_key took the place of, the oldest first, between commas: what they"
        " signed or sealed is still read",
    )
    secure_cookies: bool = Field(
        False,
        description="pages go over HTTPS: cookies over it alone, and browsers insist on it (HSTS)",
    )
    trusted_proxies: str = Field(
        "",
        description="addresses or networks of proxies in front, between commas: whom their X-Forwarded-For"
        " names is who asks",
    )
    idle_minutes: int = Field(60, ge=5, le=1440, description="minutes unseen after which a sign-in ends")
    sign_in_hours: int = Field(12, ge=1, le=168, description="hours after which a sign-in ends anyway")
    fresh_minutes: int = Field(
        15,
        ge=1,
        le=720,
        description="minutes for which having shown who one is counts before a sensitive act",
    )
    second_factor_roles: str = Field(
        "supervisor,admin",
        description="roles that sign in with a second step, between commas, all or none; others may; none of"
        " a simulated utility unless it is set",
    )
    caller_verification: bool = Field(
        True, description="personal data is masked until a caller is verified; false: agents see it at once"
    )
    campaign_holdout_percent: int = Field(
        0, ge=0, le=20, description="customers in a hundred who are in the control group of every campaign"
    )
    campaign_second_person_from: int = Field(
        0, ge=0, description="customers drawn from which on a second person begins a campaign; 0: never"
    )
    campaign_second_person_budget: int = Field(
        0, ge=0, description="budget in whole units of the currency from which on likewise; 0: never"
    )
    value_horizon_months: int = Field(
        24, ge=3, le=120, description="months ahead that the worth of a customer is reckoned for"
    )
    value_discount_percent: float = Field(
        8.0, ge=0, le=50, description="percent by which money of a year later counts for less in it"
    )
    point_worth_micro: int | None = Field(
        None,
        ge=1,
        le=1_000_000_000,
        description="what a loyalty point is worth on a bill, millionths of the currency; none is redeemed"
        " when absent",
    )
    oidc_issuer: str | None = Field(
        None, description="identity provider that people may sign in by (OpenID Connect); none when absent"
    )
    oidc_client_id: str = Field("", description="what we are called there")
    oidc_client_secret: str | None = Field(None, description="and with what we show it, if it asks")
    oidc_name: str = Field("", description="its name on the sign-in page; its host when absent")
    oidc_new_people: Literal["", "agent", "supervisor", "marketer", "ops"] = Field(
        "", description="role of people it sends whom nobody has added; they are refused when absent"
    )
    utility_name: str = Field("Northmoor Energy", description="the supplier's name on every page and notice")
    supplier_code: str = Field(
        "", pattern="^[A-Z0-9]{0,8}$", description="legal entity; stands before its document numbers"
    )
    supplier_name: str = Field("", description="legal name on invoices; the utility's when absent")
    supplier_address: str = Field("", description="its address; a bar parts its lines")
    supplier_tax_number: str = Field(
        "", description="its VAT number, or INN and KPP such as 7707083893/773601001"
    )
    supplier_registration: str = Field("", description="its entry in the register of companies")
    supplier_phone: str = Field("", description="telephone on invoices")
    supplier_email: str = Field("", description="e-mail on invoices")
    supplier_website: str = Field("", description="website on invoices")
    supplier_account: str = Field("", description="where bills are paid: an IBAN, or an account of 20 digits")
    supplier_bank: str = Field("", description="name of that bank")
    supplier_bank_code: str = Field("", description="its BIC, or BIK")
    supplier_bank_account: str = Field("", description="the bank's own account, where it has a BIK")
    timezone: str = Field("Europe/London", description="the supplier's own time zone")
    country: str = Field("GB", description="ISO country, for phones and public holidays")
    subdivision: str = Field(
        "",
        description="its part with laws of its own, such as VIC of AU; caps late fees, limits back-billing",
    )
    central_bank_percent: Decimal = Field(
        Decimal(0), ge=0, le=1000, description="the central bank's rate a year, where it caps late fees (RU)"
    )
    currency: str = Field("GBP", description="ISO currency of accounts made without one")
    language: str = Field("en", description="language of pages for people who chose none")
    demo: bool = Field(False, description="this utility is simulated, and every page says so")
    as_of: date | None = Field(None, description="date the demo pretends it is; today when absent")
    readings_kept_months: int | None = Field(
        None, ge=24, description="whole months of readings older than this are dropped; none when absent"
    )
    archive_days: int = Field(
        7, ge=1, le=90, description="days for which an archive of a customer's data is kept to be taken"
    )
    mail_to: str = Field(
        "mailbox", pattern="^(mailbox|smtp)$", description="deliver to the local mailbox page or SMTP"
    )
    smtp_host: str = Field("127.0.0.1", description="SMTP server for notices")
    smtp_port: int = Field(25, ge=1, le=65535, description="its port")
    smtp_user: str | None = Field(None, description="who signs in there; nobody when absent")
    smtp_password: str | None = Field(None, description="and with what")
    smtp_starttls: bool = Field(False, description="encrypt before signing in (STARTTLS)")
    gateway_url: str | None = Field(
        None, description="HTTP gateway that takes text messages; none are sent when absent"
    )
    gateway_secret: str | None = Field(None, description="signs what goes there, and what comes back")
    gateway_channels: str = Field("sms", description="what it takes, between commas: sms, messenger, push")
    messenger_url: str | None = Field(
        None, description="HTTP gateway of a messenger, spoken to as the other; none when absent"
    )
    messenger_secret: str | None = Field(None, description="signs what goes there, and what comes back")
    messenger_secrets: dict[str, str] = Field(
        {}, description="what further messengers sign with, by the name of their file, as a JSON object"
    )
    telephony_url: str | None = Field(
        None, description="HTTP adapter of the telephone system that calls by a click; none when absent"
    )
    telephony_secret: str | None = Field(
        None, description="signs what goes there, and the events that come back"
    )
    app_notices: bool = Field(
        False, description="customers have an app of the supplier's that reads their notices here"
    )
    letters_at: str = Field(
        "15:00",
        pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d$",
        description="when letters are gathered on working days; no letters when empty",
    )
    mail_from: str = Field("care@utility.example", description="sender of notices")
    imap_host: str = Field(
        "", description="IMAP server that customers' mail is fetched from; none when empty"
    )
    imap_port: int = Field(993, ge=1, le=65535, description="its port")
    imap_tls: Literal["tls", "starttls", "none"] = Field(
        "tls", description="how it is spoken to; none sends the password in the open"
    )
    imap_ca_file: str | None = Field(
        None, description="certificates it is trusted by; those of the system when absent"
    )
    imap_user: str | None = Field(None, description="who signs in there; mail_from when absent")
    imap_password: str | None = Field(None, description="and with what")
    imap_folder: str = Field("INBOX", description="the folder that is read")
    imap_done_folder: str = Field(
        "", description="where mail is moved once it is taken; it is marked as read there when empty"
    )
    webhooks_local: bool = Field(
        False,
        description="webhooks may go to this machine and to private networks, and by http: to try them out",
    )
    mail_ops: str = Field(
        "ops@utility.example", description="who hears of late feeds; several between commas, or none"
    )
    late_after_hours: int = Field(
        12, ge=0, le=2000, description="hours after a day's end from which its readings are late"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="what the processes say on standard error"
    )

    @field_validator("database_url")
    @classmethod
    def _of_postgresql(cls, value: str | None) -> str | None:
        if value and not value.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("this is no address such as postgresql://user@host/database")
        return value

    @field_validator("public_url")
    @classmethod
    def _of_the_web(cls, value: str | None) -> str | None:
        if value and (
            not value.startswith(("https://", "http://")) or any(sign in value for sign in " <>?#")
        ):
            raise ValueError("this is no address such as https://care.example")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str | None) -> str | None:
        if value and not value.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("an identity provider is spoken to over https://")
        return value or None

    @model_validator(mode="after")
    def _whole_provider(self) -> Settings:
        if self.oidc_issuer and not (self.oidc_client_id and self.public_url):
            raise ValueError(
                "an identity provider needs oidc_client_id and public_url, where it sends people back"
            )
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(one)
            except ValueError:
                raise ValueError(f"{one!r} is no address or network such as 10.0.0.0/8") from None
        return value

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        if value not in countries():
            near = nearest_country(value)
            meant = f"; did you mean {near}?" if near else ""
            raise ValueError(f"{value!r} is no ISO country code (two letters, such as GB){meant}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/London")
        return value


@cache
def settings() -> Settings:
    """The process's settings; tests call `settings.cache_clear()` after changing the environment."""
    return Settings()
