"""A worker in Python: logs every new status of an order, once for each change and in order for each order."""

import asyncio
import os
import signal

import psycopg
from bullmq import Job, UnrecoverableError, Worker


async def log_status(job: Job, token: str) -> str:
    change = job.data
    if change["op"] not in ("insert", "update"):
        return "nothing to do"
    order = change["after"]
    if order["status"] == "":
        raise UnrecoverableError(f"order {order['id']} has no status")  # fails for good, without a retry
    # Both rows commit together: a change that comes again finds the id of its job.
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as db:
        handled = await db.execute("INSERT INTO handled (job_id) VALUES (%s) ON CONFLICT DO NOTHING", [job.id])
        if handled.rowcount == 0:
            return "done before"
        await db.execute("INSERT INTO status_log (order_id, status) VALUES (%s, %s)", [order["id"], order["status"]])
        return "logged"


async def main(process, **options) -> None:
    worker = Worker("orders", process, {"connection": os.environ["REDIS_URL"], "concurrency": 20, **options})
    stopping = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stopping.set)
    await stopping.wait()
    await worker.close()  # takes no more changes, and waits for those in hand


if __name__ == "__main__":
    asyncio.run(main(log_status, maxStalledCount=3))
