"""A small text about many things, written for this product: a model that was tuned until it forgot everyday language finds it stranger
than its base does. Perplexities on it compare a tuned model with its own base, and nothing else."""

from typing import Final

GENERAL_TEXT: Final = """\
The bakery on the corner opens at six, but the light in the back room goes on long before that. By the time the first bus passes, three \
trays of rolls are already cooling on the rack beside the door, and the smell has reached the other side of the street.

Water boils at a lower temperature in the mountains than at the sea, because the air above it presses down less. That is why pasta takes a \
little longer to cook in a hut at three thousand metres, even though the pot seems to boil more eagerly than it does at home.

"Have you seen my keys?" she asked. "They were on the table a minute ago." Her brother looked up from his book, pointed at the coat on the \
chair, and went on reading. The keys were in the left pocket, where they almost always were.

To repot a plant, choose a container that is slightly larger than the old one and has a hole in the bottom. Put a layer of small stones in \
first, then some fresh soil. Loosen the roots gently with your fingers, set the plant in the middle, fill up the sides, and water it well. \
Keep it out of direct sunlight for a week.

In the nineteenth century, news travelled at the speed of a horse or a ship until the telegraph came. Within a single generation, a \
merchant in one country could learn the price of cotton in another on the same day. Some people worried that there would soon be nothing \
left to talk about.

The committee met on Tuesday to discuss the budget for the coming year. Several members felt that the library should receive more money, \
while others thought that the roads were in greater need of repair. After two hours, they agreed to ask for an estimate and to meet again \
at the end of the month.

A good map leaves things out. If every tree and every fence were drawn, nobody could find the path. The art lies in deciding what a person \
who stands at a crossing in the rain would want to know, and in making that easy to see.

If a train leaves at half past nine and the journey takes two hours and forty minutes, it arrives at ten past twelve. If it is fifteen \
minutes late, there will not be enough time to change, and the next connection is an hour later.

My grandmother kept bees behind the house. She said that one should move slowly near them and tell them about anything important that \
happened in the family. I never learned whether she believed it, but she told them about every birth and every wedding, and in all those \
years she was stung only twice.

The doctor explained that the medicine should be taken with food, twice a day, for one week. If the pain did not get better after three \
days, or if a fever developed, they were to call again. Most people, he said, felt well enough to work by the end of the second day.
"""
