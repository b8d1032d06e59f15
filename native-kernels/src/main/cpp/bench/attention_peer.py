"""Times the kernels against PyTorch's scaled_dot_product_attention, in turn, and prints a Markdown table.

    python attention_peer.py LIBRARY [--threads 2] [--only PART] [--kinds forward,backward,decode,dropout]
                             [--dtypes f32,bf16] [--samples 21] [--seconds 4] [--isa avx2]

LIBRARY is the built shared library. Both work on the same tensors, allocate their results on each call and
use the same number of threads. A sample is the mean of enough calls for two milliseconds; the peers take
samples by turns, each after a rest in which the other's threads stop spinning, and some calls that are not
counted. The table has the medians, their ratio, and GF/s at 4 * batch * heads * queries * keys * width a
forward pass, half of that under a causal mask, and 3.5 times as much forward and backward. `worst` is the
largest difference of the results in units of their largest element.

On an instruction set other than the widest PyTorch is told of it by the environment; for avx2:
ATEN_CPU_CAPABILITY=avx2 DNNL_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2
"""

import argparse
import ctypes
import math
import statistics
import time

import torch
from torch.nn.functional import scaled_dot_product_attention

int64, int32, double, pointer = ctypes.c_int64, ctypes.c_int32, ctypes.c_double, ctypes.c_void_p
DTYPES = {"f32": (torch.float32, 0), "bf16": (torch.bfloat16, 1), "f16": (torch.float16, 5)}
ISAS = {"auto": -1, "scalar": 0, "avx2": 1, "avx512": 2, "avx512-bf16": 3}
CODES = {dtype: code for dtype, code in DTYPES.values()}


class View(ctypes.Structure):
    _fields_ = [("data", pointer), ("elements", int64), ("offset", int64), ("strides", int64 * 4),
                ("dtype", int32), ("reserved", int32)]


class MaskNode(ctypes.Structure):
    _fields_ = [("op", int32), ("reserved", int32), ("left", int64), ("right", int64), ("dims", int64 * 4),
                ("tensor", View)]


class Attention(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint64)] + [
        (name, int64) for name in ("batch", "heads", "key_heads", "queries", "keys", "key_dim", "value_dim",
                                   "query_start")] + [
        ("scale", double), ("softcap", double), ("query", View), ("key", View), ("value", View),
        ("slopes", View), ("bias", View), ("bias_dims", int64 * 4), ("mask", ctypes.POINTER(MaskNode)),
        ("mask_nodes", int64), ("dropout", double), ("dropout_seed", int64), ("dropout_site", int64)]


class Gradients(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint64)] + [
        (name, View) for name in ("out", "lse", "grad_out", "grad_lse", "grad_query", "grad_key", "grad_value",
                                  "grad_bias")]


class Error(ctypes.Structure):
    _fields_ = [("code", int32), ("message", ctypes.c_char * 508)]


def view(tensor):
    """A tensor of four axes as the kernels see it."""
    extent = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride())) + 1
    return View(tensor.data_ptr(), extent, 0, (int64 * 4)(*tensor.stride()), CODES[tensor.dtype], 0)


class Kernels:
    def __init__(self, path, threads, isa):
        self.library = ctypes.CDLL(path)
        self.library.a4j_isa_name.restype = ctypes.c_char_p
        self.error = Error()
        self.context = pointer()
        self.check(self.library.a4j_context_create(ISAS[isa], threads, ctypes.byref(self.context),
                                                   ctypes.byref(self.error)))
        self.isa = self.library.a4j_isa_name(self.library.a4j_context_isa(self.context)).decode()

    def check(self, code):
        if code != 0:
            raise RuntimeError(self.error.message.decode())

    def problem(self, query, key, value, causal, dropout):
        batch, heads, queries, width = query.shape
        problem = Attention(ctypes.sizeof(Attention), batch, heads, key.shape[1], queries, key.shape[2], width,
                            value.shape[3], key.shape[2] - queries, 1 / math.sqrt(width), 0.0)
        problem.query, problem.key, problem.value = view(query), view(key), view(value)
        problem.dropout, problem.dropout_seed = dropout, 7
        if causal:
            problem.mask = ctypes.pointer(MaskNode(1))
            problem.mask_nodes = 1
        return problem

    def forward(self, problem, query, value, with_lse=False):
        """A function of no arguments that runs it and returns [out], or [out, lse]; and their Results."""
        out = Result(*query.shape[:3], value.shape[3], dtype=query.dtype)
        lse = Result(*query.shape[:3], 1, dtype=torch.float32) if with_lse else None
        made = [out] if lse is None else [out, lse]
        call, arguments = self.library.a4j_attention_forward, (
            self.context, ctypes.byref(problem), ctypes.byref(out.view),
            None if lse is None else ctypes.byref(lse.view), ctypes.byref(self.error))

        def run():
            results = [result.make() for result in made]
            self.check(call(*arguments))
            return results
        return run, made

    def both(self, problem, query, key, value, grad_out):
        """A function of no arguments that runs forward and backward and returns out and the gradients."""
        forward, (out, lse) = self.forward(problem, query, value, with_lse=True)
        gradients = [Result(*tensor.shape, dtype=tensor.dtype) for tensor in (query, key, value)]
        struct = Gradients(ctypes.sizeof(Gradients))
        struct.grad_out = view(grad_out)
        call, arguments = self.library.a4j_attention_backward, (
            self.context, ctypes.byref(problem), ctypes.byref(struct), ctypes.byref(self.error))

        def run():
            output, sums = forward()  # both must live until the call is done
            results = [gradient.make() for gradient in gradients]
            struct.out, struct.lse = out.view, lse.view  # copies, with this call's addresses
            struct.grad_query, struct.grad_key, struct.grad_value = (g.view for g in gradients)
            self.check(call(*arguments))
            return [output, *results]
        return run


class Result:
    """Makes a new tensor for each call. Its view stays, as describing it takes Python some microseconds."""

    def __init__(self, *shape, dtype):
        self.shape, self.dtype = shape, dtype
        self.view = view(torch.empty(*shape, dtype=dtype))

    def make(self):
        tensor = torch.empty(self.shape, dtype=self.dtype)
        self.view.data = tensor.data_ptr()
        return tensor


# batch, heads, key heads, queries, keys, width, value width
GOALS = [(1, 12, 12, 1024, 1024, 64, 64), (4, 12, 12, 512, 512, 64, 64), (1, 8, 8, 4096, 4096, 64, 64)]
ODD = [(1, 1, 1, 16, 16, 64, 64), (2, 3, 3, 33, 65, 24, 24), (1, 7, 7, 127, 127, 80, 80),
       (12, 4, 4, 64, 64, 32, 32), (3, 8, 2, 200, 333, 128, 128), (1, 4, 4, 17, 2049, 64, 64),
       (64, 6, 6, 256, 256, 64, 64), (1, 2, 2, 999, 999, 256, 256)]
DECODE = [(1, 12, 12, 1, 4096, 64, 64), (1, 32, 8, 1, 4096, 128, 128), (1, 12, 12, 1, 512, 64, 64),
          (1, 4, 1, 4, 1000, 96, 96)]


def settings(kinds):
    for shape in GOALS + ODD:
        for causal in (False, True):
            for kind in ("forward", "backward"):
                if kind in kinds:
                    yield kind, shape, causal, 0.0
    if "decode" in kinds:
        yield from (("decode", shape, False, 0.0) for shape in DECODE)
    if "dropout" in kinds:
        for shape in (GOALS[0], GOALS[1], ODD[6]):
            for kind in ("forward", "backward"):
                yield kind, shape, True, 0.1


REST = 0.012  # longer than the threads of OpenMP spin after a call
WARM = 0.02  # until the system has spread the threads over the cores again


def sample(body, calls, clock):
    time.sleep(REST)
    end = time.perf_counter() + WARM
    body()
    while time.perf_counter() < end:
        body()
    begin = clock()
    for _ in range(calls):
        body()
    return (clock() - begin) / calls


def medians(bodies, samples, seconds, clock):
    """Median seconds of each body, which take turns."""
    calls = []
    for body in bodies:
        body()
        begin = time.perf_counter()
        body()
        calls.append(max(1, min(200, int(0.002 / (time.perf_counter() - begin)))))
    times = [[] for _ in bodies]
    end = time.perf_counter() + seconds
    while len(times[0]) < samples or time.perf_counter() < end:
        for body, n, taken in zip(bodies, calls, times):
            taken.append(sample(body, n, clock))
        if len(times[0]) >= 5 * samples:
            break
    return [statistics.median(taken) for taken in times]


def worst(got, want):
    def one(a, b):
        return ((a.float() - b.float()).abs().max() / b.float().abs().max()).item()
    return max(one(a, b) for a, b in zip(got, want))


def run(kernels, kind, shape, causal, dropout, dtype, arguments):
    batch, heads, key_heads, queries, keys, width, value_width = shape
    torch.manual_seed(1)
    query = torch.randn(batch, heads, queries, width).to(dtype)
    key = torch.randn(batch, key_heads, keys, width).to(dtype)
    value = torch.randn(batch, key_heads, keys, value_width).to(dtype)
    grad_out = torch.randn(batch, heads, queries, value_width).to(dtype)
    problem = kernels.problem(query, key, value, causal, dropout)
    mask = None
    if causal and queries != keys:  # PyTorch's is_causal aligns the other corner
        mask = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
    options = dict(attn_mask=mask, is_causal=causal and mask is None, dropout_p=dropout,
                   enable_gqa=heads != key_heads)
    leaves = [tensor.detach().requires_grad_() for tensor in (query, key, value)]

    def theirs():
        if kind != "backward":
            with torch.no_grad():
                return [scaled_dot_product_attention(query, key, value, **options)]
        out = scaled_dot_product_attention(*leaves, **options)
        return [out.detach(), *torch.autograd.grad(out, leaves, grad_out)]

    if kind == "backward":
        ours = kernels.both(problem, query, key, value, grad_out)
    else:
        ours, _ = kernels.forward(problem, query, value)

    difference = "-" if dropout else f"{worst(ours(), theirs()):.0e}"
    # autograd runs on a thread of its own, so its CPU time cannot be had here
    clock = time.thread_time if arguments.threads == 1 and kind != "backward" else time.perf_counter
    their_time, our_time = medians([theirs, ours], arguments.samples, arguments.seconds, clock)
    work = 4 * batch * heads * queries * keys * (width + value_width) / 2
    work *= (0.5 if causal else 1) * (3.5 if kind == "backward" else 1)
    name = f"{batch}x{heads}" + (f"/{key_heads}" if heads != key_heads else "")
    name += f"x{queries}" + (f"/{keys}" if queries != keys else "") + f"x{width}"
    label = {"backward": "forward + backward"}.get(kind, kind)
    label += (" causal" if causal else "") + (f" dropout {dropout}" if dropout else "")
    dtype_name = next(n for n, (d, _) in DTYPES.items() if d == dtype)
    print(f"| {name} | {label} | {dtype_name} | {their_time * 1e3:.3f} | {our_time * 1e3:.3f} "
          f"| {their_time / our_time:.2f} | {work / our_time * 1e-9:.0f} | {difference} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="part of a shape, like 12x1024")
    parser.add_argument("--kinds", default="forward,backward,decode,dropout")
    parser.add_argument("--dtypes", default="f32,bf16")
    parser.add_argument("--samples", type=int, default=21)
    parser.add_argument("--isa", default="auto", choices=ISAS)
    parser.add_argument("--seconds", type=float, default=0, help="at least, for each line")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    kernels = Kernels(arguments.library, arguments.threads, arguments.isa)
    print(f"PyTorch {torch.__version__}, {arguments.threads} threads, kernels on {kernels.isa}\n")
    print("| shape | pass | type | PyTorch ms | ours ms | ratio | ours GF/s | worst |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, shape, causal, dropout in settings(arguments.kinds.split(",")):
        if arguments.only not in "x".join(map(str, shape)):
            continue
        for dtype in arguments.dtypes.split(","):
            run(kernels, kind, shape, causal, dropout, DTYPES[dtype][0], arguments)


main()
