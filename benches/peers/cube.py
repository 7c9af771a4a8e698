"""Counts the facts of `cargo bench --bench cube` with DuckDB: `pip install duckdb`, then the bench runs this by itself.

Reads facts.csv and questions.json from the folder it is given, and prints for each question the best of five runs, in
seconds, and the counts of all groups that have somebody, sorted.
"""

import json
import os
import sys
import time

import duckdb

folder = sys.argv[1]
connection = duckdb.connect()
connection.execute(f"SET threads = {os.cpu_count()}")
connection.execute(f"CREATE TABLE facts AS SELECT * FROM read_csv('{folder}/facts.csv', all_varchar = false)")
answers = []
for question in json.load(open(f"{folder}/questions.json")):
    by = ", ".join(question["by"])
    sql = f"""SELECT count(*), count(*) FILTER (days_absent_hundredths * 10 >= days_enrolled_hundredths)
              FROM facts WHERE days_enrolled_hundredths >= 1000 AND {question["where"]} GROUP BY CUBE ({by})"""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        groups = connection.execute(sql).fetchall()
        times.append(time.perf_counter() - started)
    answers.append({"seconds": min(times), "groups": sorted(group for group in groups if group[0] > 0)})
print(json.dumps({"version": duckdb.__version__, "answers": answers}))
