"""Which version of an article is shown on a day: the newest approved one that has begun, until it ends."""

from __future__ import annotations

SHOWN = """
    select approval.version_id, approval.article_id, approval.language
    from article_approvals as approval
    join articles as article on article.id = approval.article_id and article.retired_at is null
    where approval.valid_from <= :today
      and (approval.valid_until is null or approval.valid_until > :today)
      and (:agents or approval.audience = 'public')
      and not exists (
          select from article_approvals as newer
          where newer.article_id = approval.article_id and newer.language = approval.language
            and newer.number > approval.number and newer.valid_from <= :today)
"""
"""SQL of (version_id, article_id, language). Parameters: today; agents, whether whoever asks is one of us."""
