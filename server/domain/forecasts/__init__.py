"""What a job will take: time, memory, disk and money, before it begins."""
