"""A role that may look at readings by SQL, and at nothing else."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.driver import driver_cursor
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused

READABLE = ("readings", "daily_totals", "channels", "service_points", "meters", "network_nodes")
"""What the role reads. No customer, address, account, bill or notice is among them."""

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}", re.ASCII)
_EXISTS = text("select exists (select from pg_roles where rolname = :name)")
_MAY = text("select rolcreaterole or rolsuper from pg_roles where rolname = current_user")


@dataclass(frozen=True, slots=True)
class SqlReader:
    """A role made just now; its password is kept nowhere."""

    name: str
    password: str


def add_sql_reader(session: Session, name: str) -> SqlReader:
    """Make a role that signs in with a password of its own, reads READABLE, and never holds a long
    transaction.

    Raises Invalid for a name PostgreSQL would fold or quote, Conflict for one that is taken, Refused where
    the platform's own role may not make others.
    """
    if not _NAME.fullmatch(name):
        raise Invalid("bad_name", "a role's name has small letters, digits and underscores", "name")
    if session.scalar(_EXISTS, {"name": name}):
        raise Conflict("taken", f"there is a role {name!r} already", "name")
    if not session.scalar(_MAY):
        raise Refused("may_not", "the platform's own database role may not make others (CREATEROLE)")
    password = secrets.token_urlsafe(24)
    role = sql.Identifier(name)
    tables = sql.SQL(", ").join(map(sql.Identifier, READABLE))
    with driver_cursor(session) as cursor:
        cursor.execute(
            sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole password {}").format(
                role, sql.Literal(password)
            )
        )
        cursor.execute(sql.SQL("alter role {} set default_transaction_read_only = on").format(role))
        cursor.execute(sql.SQL("alter role {} set statement_timeout = '60s'").format(role))
        cursor.execute(sql.SQL("alter role {} set idle_in_transaction_session_timeout = '60s'").format(role))
        cursor.execute(sql.SQL("grant usage on schema public to {}").format(role))
        cursor.execute(sql.SQL("grant select on {} to {}").format(tables, role))
    return SqlReader(name, password)


def remove_sql_reader(session: Session, name: str) -> None:
    """Take the role and what it was granted away.

    Raises NotFound, or Refused for a role that is no reader.
    """
    if not session.scalar(_EXISTS, {"name": name}):
        raise NotFound("no_such_role", f"there is no role {name!r}", "name")
    reader = "select has_table_privilege(:name, 'readings', 'select') and not rolsuper and not rolcreaterole "
    if name == session.scalar(text("select current_user")) or not session.scalar(
        text(
            f"{reader} and not pg_has_role(:name, current_user, 'usage') from pg_roles where rolname = :name"
        ),
        {"name": name},
    ):
        raise Refused("no_reader", f"the role {name!r} is not one that reads readings by SQL", "name")
    with driver_cursor(session) as cursor:
        cursor.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
