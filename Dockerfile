# One image for web, clock and delivery; docker-compose.yml says which is which.
FROM python:3.13.9-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    UTILITY_CRM_HOME=/var/lib/utility_crm

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/utility_crm --shell /usr/sbin/nologin utility_crm

WORKDIR /app
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml requirements.in README.md ./
COPY utility_crm ./utility_crm
COPY notifications ./notifications
COPY meters ./meters
COPY billing ./billing
COPY churn ./churn
RUN pip install --no-deps --no-build-isolation .

USER utility_crm
WORKDIR /var/lib/utility_crm
EXPOSE 8000
CMD ["utility-crm", "serve", "--host", "0.0.0.0", "--port", "8000"]
