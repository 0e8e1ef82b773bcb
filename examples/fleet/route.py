"""Shortens a round tour: what the demo does with the due vehicles of one area."""
from geography import distance_km


def two_opt(points, sweeps=30):
    """The order (indexes into points, 0 first) of a tour that no exchange of two legs shortens further.

    Starts from the order given and never returns a longer tour; stops after `sweeps` passes.
    """
    count = len(points)
    order = list(range(count))
    if count < 4:
        return order
    km = [[distance_km(a, b) for b in points] for a in points]
    for _ in range(sweeps):
        improved = False
        for i in range(count - 2):
            for j in range(i + 2, count - (i == 0)):
                a, b, c, d = order[i], order[i + 1], order[j], order[(j + 1) % count]
                if km[a][c] + km[b][d] < km[a][b] + km[c][d] - 1e-9:
                    order[i + 1:j + 1] = reversed(order[i + 1:j + 1])
                    improved = True
        if not improved:
            break
    return order


def is_nearest_neighbour_tour(points):
    """Whether each point is followed by (one of) the nearest of those after it."""
    for at in range(len(points) - 2):
        hop = distance_km(points[at], points[at + 1])
        if hop > min(distance_km(points[at], other) for other in points[at + 2:]) + 1e-6:
            return False
    return True
