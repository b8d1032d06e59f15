"""Time and memory of attention against the context: our kernel, PyTorch's, and PyTorch without either.

    python3 context_plot.py measure CONTEXT_BENCH RESULTS.json [LARGEST_CONTEXT]
    python3 context_plot.py draw RESULTS.json PLOT.svg

12 heads of 64, f32, causal, 2 threads; the peers in turn, each measurement in a process of its own. Memory is
the highest resident size of one call; time is the median of five more calls up to a context of 4096, and that
of the one call beyond. CONTEXT_BENCH is the program of the CMake build. What RESULTS.json holds is not measured again.
"""
import json
import math
import os
import subprocess
import sys

HEADS, DIM, THREADS = 12, 64, 2
CONTEXTS = [1024, 2048, 4096, 8192, 16384, 32768, 65536]
# The peers' largest contexts: beyond them the scores fill 24 GB, or a backward pass takes minutes.
LARGEST = {
    ("kernel", "forward"): 65536,
    ("kernel", "backward"): 65536,
    ("torch", "forward"): 65536,
    ("torch", "backward"): 16384,
    ("naive", "forward"): 8192,
    ("naive", "backward"): 8192,
}


def torch_run(kind, direction, context, repeats):
    """Runs in a process of its own: prints one JSON object."""
    import time

    import torch

    torch.set_num_threads(THREADS)

    def attention(query, key, value):
        if kind == "torch":
            return torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        scores = query @ key.transpose(-1, -2) * DIM**-0.5  # [1, heads, queries, keys]
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        return scores.masked_fill(hidden, -math.inf).softmax(-1) @ value

    def tensors(length):
        torch.manual_seed(0)
        wanted = direction == "backward"
        return [torch.randn(1, HEADS, length, DIM, requires_grad=wanted) for _ in range(3)]

    def run(query, key, value):
        start = time.perf_counter()
        out = attention(query, key, value)
        middle = time.perf_counter()
        count = 4  # query, key, value, output
        if direction == "backward":
            out.backward(torch.ones_like(out))
            count += 4  # and their gradients
        end = time.perf_counter()
        return middle - start, end - middle, count * out.numel() * out.element_size()

    run(*tensors(64))  # loads libraries and starts threads
    before = resident("VmRSS")
    lent_tensors = tensors(context)
    times = []
    for _ in range(repeats):
        for tensor in lent_tensors:
            tensor.grad = None
        forward, backward, lent = run(*lent_tensors)
        times.append((forward, backward if direction == "backward" else 0))
    print(json.dumps({
        "forward_seconds": sorted(times)[len(times) // 2][0],
        "backward_seconds": sorted(backward for _, backward in times)[len(times) // 2],
        "tensor_bytes": lent,
        "extra_bytes": resident("VmHWM") - before - lent,
    }))


def resident(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("no " + field)


def measure(bench, results, largest):
    found = json.load(open(results)) if os.path.exists(results) else []
    done = {(r["kind"], r["direction"], r["context"]) for r in found}
    for context in CONTEXTS:
        for (kind, direction), limit in LARGEST.items():
            if context > min(limit, largest) or (kind, direction, context) in done:
                continue

            def call(repeats):
                if kind == "kernel":
                    command = [bench, context, "causal", direction, THREADS, HEADS, DIM, repeats]
                else:
                    command = [sys.executable, __file__, "torch", kind, direction, context, repeats]
                return json.loads(subprocess.run(map(str, command), check=True, capture_output=True).stdout)

            once = call(1)
            timed = call(5) if context <= 4096 else once
            values = {"memory": once["extra_bytes"], "time": timed["forward_seconds"] + timed["backward_seconds"]}
            for what, value in values.items():
                found.append({"what": what, "kind": kind, "direction": direction, "context": context, "value": value})
            print(json.dumps(found[-2:]), flush=True)
            with open(results + ".new", "w") as file:
                json.dump(found, file, indent=1)
            os.replace(results + ".new", results)


# ---- the picture: memory on the left, time on the right, both axes logarithmic

WIDTH, HEIGHT, TOP, BOTTOM = 470, 400, 40, 50
NAMES = {"kernel": "attention4j", "torch": "PyTorch", "naive": "softmax(QK\u1d40)V"}
COLORS = {"kernel": "#0b6e4f", "torch": "#c8553d", "naive": "#5b5f97"}


def panel(left, title, unit, lines):
    """lines: (kind, direction, points)"""
    plot_left, plot_right = left + 62, left + WIDTH - 12
    values = [y for _, _, points in lines for _, y in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def at(x, y):
        share_x = math.log2(x / CONTEXTS[0]) / math.log2(CONTEXTS[-1] / CONTEXTS[0])
        share_y = (math.log10(y) - low) / (high - low)
        return (plot_left + share_x * (plot_right - plot_left),
                HEIGHT - BOTTOM - share_y * (HEIGHT - BOTTOM - TOP))

    parts = [f'<text x="{(plot_left + plot_right) / 2}" y="22" class="title">{title}</text>']
    for power in range(low, high + 1):
        y = at(CONTEXTS[0], 10**power)[1]
        parts.append(f'<line x1="{plot_left}" x2="{plot_right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{plot_left - 6}" y="{y + 4:.1f}" class="end">{unit(10**power)}</text>')
    for context in CONTEXTS:
        x = at(context, 10**low)[0]
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" class="middle">{context // 1024}k</text>')
    parts.append(f'<text x="{(plot_left + plot_right) / 2}" y="{HEIGHT - 10}" class="middle">context, tokens</text>')
    for kind, direction, points in lines:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
        dash = ' stroke-dasharray="6 4"' if direction == "backward" else ""
        parts.append(f'<polyline points="{path}" class="curve" stroke="{COLORS[kind]}"{dash}/>')
        for x, y in (at(*point) for point in points):
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{COLORS[kind]}"/>')
    return parts


def size_text(count):
    for power, name in ((9, "GB"), (6, "MB"), (3, "kB")):
        if count >= 10**power:
            return f"{count / 10**power:g} {name}"
    return f"{count:g} B"


def time_text(seconds):
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def draw(results, target):
    found = json.load(open(results))

    def curves(what):
        lines = []
        for kind in NAMES:
            for direction in ("forward", "backward"):
                points = sorted((r["context"], max(r["value"], 1e-4)) for r in found
                                if r["what"] == what and r["kind"] == kind and r["direction"] == direction)
                if points:
                    lines.append((kind, direction, points))
        return lines

    parts = panel(0, "memory beyond inputs and outputs", size_text, curves("memory"))
    parts += panel(WIDTH, "time, 2 threads", time_text, curves("time"))
    x = 62
    for kind, name in NAMES.items():
        for direction, label in (("forward", name), ("backward", "with backward")):
            dash = ' stroke-dasharray="6 4"' if direction == "backward" else ""
            y = HEIGHT + 16
            parts.append(f'<line x1="{x}" x2="{x + 26}" y1="{y - 4}" y2="{y - 4}" class="curve" '
                         f'stroke="{COLORS[kind]}"{dash}/>')
            parts.append(f'<text x="{x + 32}" y="{y}">{label}</text>')
            x += 46 + 7.2 * len(label)
    style = ("text{font:12px sans-serif;fill:#333}.title{font-weight:bold;text-anchor:middle}"
             ".middle{text-anchor:middle}.end{text-anchor:end}.grid{stroke:#ddd}"
             ".curve{fill:none;stroke-width:2}")
    with open(target, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT + 30}" '
                   f'role="img" aria-label="memory and time against the context">'
                   f'<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>'
                   + "\n".join(parts) + "</svg>\n")


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "measure":
        measure(*sys.argv[2:4], int(sys.argv[4]) if len(sys.argv) > 4 else CONTEXTS[-1])
    elif len(sys.argv) == 4 and sys.argv[1] == "draw":
        draw(sys.argv[2], sys.argv[3])
    elif len(sys.argv) == 6 and sys.argv[1] == "torch":
        torch_run(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        sys.exit(__doc__)
