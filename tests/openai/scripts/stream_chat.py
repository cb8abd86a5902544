# As such scripts are written for OpenAI: many questions at once, each answer printed as it comes. Nothing in here knows of this product.
import asyncio
import sys

from openai import AsyncOpenAI

client = AsyncOpenAI()


async def ask(question: str) -> str:
    stream = await client.chat.completions.create(
        model=sys.argv[1],
        messages=[{"role": "user", "content": question}],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=12,
        temperature=0.7,
        top_p=0.9,
        seed=1,
    )
    text = ""
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            text += chunk.choices[0].delta.content
        if chunk.usage:
            assert chunk.usage.completion_tokens <= 12
    return text


async def main() -> None:
    answers = await asyncio.gather(*(ask(f"What of day {day}?") for day in range(4)))
    print("Answers", len(answers))
    await client.close()


asyncio.run(main())
