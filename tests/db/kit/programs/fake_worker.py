"""Writes its process number into the database it was handed, and waits."""

import os
import time

import psycopg

with psycopg.connect(os.environ["UTILITY_CRM_DATABASE_URL"], autocommit=True) as connection:
    connection.execute("INSERT INTO workers (process) VALUES (%s)", (os.getpid(),))
while True:
    time.sleep(1)
