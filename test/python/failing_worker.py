"""The worker of the documentation, of which one try of ten fails before its effect, and one of ten after it."""

import asyncio
import os
import random
import sys

sys.path.insert(0, os.environ["EXAMPLES"])
from orders import log_status, main  # noqa: E402


async def process(job, token):
    if random.random() < 0.1:
        raise RuntimeError("one of ten, before")
    result = await log_status(job, token)
    if random.random() < 0.1:
        raise RuntimeError("one of ten, after")
    print("processed", flush=True)
    return result


asyncio.run(
    main(process, prefix=os.environ["PREFIX"], lockDuration=1000, stalledInterval=1000, maxStalledCount=100)
)
