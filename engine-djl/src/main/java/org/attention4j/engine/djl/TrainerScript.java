package org.attention4j.engine.djl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.attention4j.graph.Graph;
import org.attention4j.graph.TraceOptions;
import org.attention4j.spi.Program;
import org.attention4j.tensor.DType;
import org.attention4j.tensor.Device;
import org.attention4j.tensor.Primitive;
import org.attention4j.tensor.TensorType;
import org.attention4j.train.AdamW;
import org.attention4j.train.Optimizer;
import org.attention4j.train.ParameterGroup;
import org.attention4j.train.UpdateModel;

/**
 * The TorchScript of a trainer. With a kernel for attention the graph holds its own gradient, which
 * is written out operator by operator; otherwise PyTorch's autograd differentiates inside the
 * script, on leaves that share the parameters' memory. Either way no array outside carries a graph
 * or a gradient.
 *
 * <p>Methods take lists of tensors: {@code p} parameters, {@code x} inputs, {@code c} constants of
 * the model, {@code g} accumulated gradients and {@code m} optimizer slots of the trained
 * parameters, {@code s} the numbers of this step (number of the update as f32, learning rate and
 * weight of the micro-batch as f64), {@code d} constants of the optimizer.
 *
 * <ul>
 *   <li>{@code gradients(p, x, c, s)}: the loss, then a gradient for each trained parameter
 *   <li>{@code accumulate(p, x, c, g, s)}: the loss; adds to {@code g}
 *   <li>{@code merge(g, h)}: adds the sums {@code h} of another worker to {@code g}, zeroes them
 *   <li>{@code update(p, g, m, s, d)}: the gradients' norm, and whether it was finite; updates
 *       {@code p} and {@code m} if so, and zeroes {@code g}
 *   <li>{@code step(p, x, c, m, s, d)}: gradients and update of one batch; the loss, norm,
 *       finiteness
 *   <li>for AdamW the parts of an update: {@code norms(g)} of any gradients as one tensor; {@code
 *       verdict(n)} of all norms: their norm, its finiteness, and what the next takes as {@code k};
 *       {@code adam_K(w, g, m, v, s, k)}, which updates parameters {@code w} of group K; {@code
 *       zero(g)}
 * </ul>
 */
final class TrainerScript {
  /** Names of the numbers in {@code s}. */
  static final int UPDATE = 0;

  static final int RATE = 1;
  static final int WEIGHT = 2;

  /** Elements of a verdict. */
  private static final int INFINITE = 2;

  private static final int SCALE = 3;

  private static final String LISTS = "List[Tensor]";

  private final GraphScript forward;
  private final List<String> paths;
  private final List<String> trained;
  private final Optimizer optimizer;
  private final double clipNorm;
  private final StringBuilder source = new StringBuilder();
  private final List<String> kept = new ArrayList<>();
  private final List<List<Integer>> groups = new ArrayList<>();
  private List<Primitive.Constant> optimizerConstants = List.of();

  /**
   * Writes the methods.
   *
   * @param graph whose first output is the loss and, without autograd, whose others are the
   *     gradients of the trained parameters, in order
   * @param trained paths of the parameters that the loss depends on
   * @param autograd whether PyTorch differentiates
   * @param fusion how composites are written
   */
  TrainerScript(
      Graph graph,
      List<String> trained,
      boolean autograd,
      Fusion fusion,
      Optimizer optimizer,
      double clipNorm,
      Precision precision,
      Device device) {
    this.forward =
        new GraphScript(
            autograd ? "forward" : "accumulate",
            graph,
            precision,
            device,
            fusion,
            autograd,
            autograd ? List.of() : trained.stream().map(path -> "grad." + path).toList());
    this.paths = List.copyOf(graph.parameters().keySet());
    this.trained = List.copyOf(trained);
    this.optimizer = optimizer;
    this.clipNorm = clipNorm;
    source.append(forward.source());
    if (autograd) {
      writeGradients();
      writeAccumulate();
    } else {
      writeFreshGradients();
    }
    writeMerge();
    if (optimizer instanceof AdamW adam) {
      writeAdam(adam, graph.parameterTypes(), precision.real());
    } else {
      writeRule(graph.parameterTypes(), precision, device);
    }
    writeStep();
  }

  private void method(String name, String... parameters) {
    source.append("def ").append(name).append("(self");
    for (String parameter : parameters) {
      source.append(", ").append(parameter).append(": ").append(LISTS);
    }
    source.append(") -> ").append(LISTS).append(":\n");
  }

  private void line(String text) {
    source.append("  ").append(text).append('\n');
  }

  private static String list(List<String> items) {
    return "[" + String.join(", ", items) + "]";
  }

  private static List<String> join(String first, List<String> rest) {
    List<String> all = new ArrayList<>(rest);
    all.add(0, first);
    return all;
  }

  private static List<String> elements(String list, int from, int count) {
    return IntStream.range(from, from + count).mapToObj(i -> list + "[" + i + "]").toList();
  }

  private void writeGradients() {
    method("gradients", "p", "x", "c", "s");
    List<String> parameters = new ArrayList<>();
    List<String> leaves = new ArrayList<>();
    for (int i = 0; i < paths.size(); i++) {
      if (trained.contains(paths.get(i))) {
        line("leaf" + i + " = torch.requires_grad_(torch.detach(p[" + i + "]), True)");
        leaves.add("leaf" + i);
        parameters.add("leaf" + i);
      } else {
        parameters.add("p[" + i + "]");
      }
    }
    line("r = (self).forward(" + list(parameters) + ", x, c)");
    line("y = torch.mul(r[0], float(s[" + WEIGHT + "]))");
    line("g = torch.grad([y], " + list(leaves) + ")");
    List<String> gradients =
        elements("g", 0, trained.size()).stream()
            .map(element -> "unchecked_cast(Tensor, " + element + ")")
            .toList();
    line("return " + list(join("torch.detach(r[0])", gradients)));
  }

  /** The weight is in the gradients already. */
  private void writeAccumulate() {
    method("accumulate", "p", "x", "c", "g", "s");
    line("r = (self).gradients(p, x, c, s)");
    line("torch._foreach_add_(g, " + list(elements("r", 1, trained.size())) + ")");
    line("return [r[0]]");
  }

  private void writeFreshGradients() {
    method("gradients", "p", "x", "c", "s");
    List<String> zeros =
        trained.stream().map(path -> "torch.zeros_like(p[" + paths.indexOf(path) + "])").toList();
    line("g = " + list(zeros));
    line("r = (self).accumulate(p, x, c, g, s)");
    line("return " + list(join("r[0]", elements("g", 0, trained.size()))));
  }

  private void writeMerge() {
    method("merge", "g", "h");
    line("torch._foreach_add_(g, h)");
    line("torch._foreach_zero_(h)");
    line("return [g[0], h[0]]"); // without a use of the lists TorchScript would drop the calls
  }

  private void writeNorm() {
    line("norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(g)))");
    line("finite = torch.isfinite(norm)");
  }

  private void writeAdam(AdamW adam, Map<String, TensorType> types, DType real) {
    Map<ParameterGroup, List<Integer>> members = new LinkedHashMap<>();
    for (int i = 0; i < trained.size(); i++) {
      String path = trained.get(i);
      TensorType type = Objects.requireNonNull(types.get(path), path);
      members
          .computeIfAbsent(ParameterGroup.of(adam.groups(), path, type), group -> new ArrayList<>())
          .add(i);
    }
    members.forEach(
        (group, list) -> {
          writeGroup("adam_" + groups.size(), group, adam, real);
          groups.add(List.copyOf(list));
        });
    method("zero", "g");
    line("torch._foreach_zero_(g)");
    line("return [g[0]]");
    method("norms", "g");
    line("return [torch.stack(torch._foreach_norm(g))]");
    method("verdict", "n");
    line("norm = torch.linalg_vector_norm(torch.cat(n, 0))");
    line("finite = torch.isfinite(norm)");
    line("infinite = torch.to(torch.logical_not(finite), 6)");
    line(
        clipNorm > 0
            ? "scale = torch.clamp_min(torch.div(torch.add(norm, 1e-6), " + clipNorm + "), 1.)"
            : "scale = torch.ones_like(norm)");
    line("return [norm, finite, infinite, scale]");

    method("update", "p", "g", "m", "s", "d");
    line("k = (self).verdict((self).norms(g))");
    for (int i = 0; i < groups.size(); i++) {
      List<Integer> of = groups.get(i);
      line(
          ("u" + i + " = (self).adam_" + i + "(")
              + list(of.stream().map(j -> "p[" + paths.indexOf(trained.get(j)) + "]").toList())
              + ", "
              // the kernel reads memory in order, whatever the strides say
              + list(of.stream().map(j -> "torch.contiguous(g[" + j + "])").toList())
              + ", "
              + list(of.stream().map(j -> "m[" + j + "]").toList())
              + ", "
              + list(of.stream().map(j -> "m[" + (j + trained.size()) + "]").toList())
              + ", s, k)");
      kept.add("u" + i + "[0]");
    }
    line("torch._foreach_zero_(g)");
    line("return " + list(join("k[0]", join("k[1]", kept))));
  }

  /**
   * PyTorch's fused kernel: it skips the update if {@code found_inf}, and divides by the scale.
   *
   * <p>TorchScript drops a call without results unless a list that it writes into is used again, so
   * an element is returned.
   */
  private void writeGroup(String name, ParameterGroup group, AdamW adam, DType real) {
    method(name, "w", "g", "m", "v", "s", "k");
    boolean scales = clipNorm > 0 && real == DType.F32;
    if (clipNorm > 0 && !scales) { // the kernel takes its scale as f32
      line("torch._foreach_div_(g, k[" + SCALE + "])");
    }
    line(
        (adam.decoupled() ? "torch._fused_adamw_" : "torch._fused_adam_")
            + "(w, g, m, v, [], torch.mul([s[0]], torch.len(w)), lr=float(s["
            + RATE
            + "]) * "
            + group.rateFactor()
            + ", beta1="
            + adam.beta1()
            + ", beta2="
            + adam.beta2()
            + ", weight_decay="
            + group.weightDecay()
            + ", eps="
            + adam.epsilon()
            + ", amsgrad=False, maximize=False"
            + (scales ? ", grad_scale=k[" + SCALE + "]" : "")
            + ", found_inf=k["
            + INFINITE
            + "])");
    line("return [w[0]]");
  }

  /** Any other optimizer by its own definition, as a graph. */
  private void writeRule(Map<String, TensorType> types, Precision precision, Device device) {
    Map<String, TensorType> updated = new LinkedHashMap<>(types);
    updated.keySet().retainAll(trained);
    Program program = Program.of(new UpdateModel(updated, optimizer, clipNorm));
    Graph all = program.graph(TraceOptions.primitives());
    List<String> outputs = new ArrayList<>(all.outputs().keySet());
    outputs.remove("gradient_norm");
    GraphScript rule =
        new GraphScript("rule", all.withOutputs(outputs), precision, device, Fusion.PYTORCH, false);
    optimizerConstants = rule.constants();
    source.append(rule.source());

    method("update", "p", "g", "m", "s", "d");
    writeNorm();
    line("if bool(finite):");
    List<String> inputs =
        rule.graph().inputs().keySet().stream().map(name -> ruleTensor(name, precision)).toList();
    line("  n = (self).rule([], " + list(inputs) + ", d)");
    for (int i = 0; i < outputs.size(); i++) {
      line(
          "  next"
              + i
              + " = torch.copy_("
              + ruleTensor(outputs.get(i).substring("next.".length()), precision)
              + ", n["
              + i
              + "])");
    }
    line("torch._foreach_zero_(g)");
    line("return [norm, finite]");
  }

  /**
   * The tensor that a rule calls {@code param.PATH}, {@code grad.PATH}, {@code SLOT.PATH} and so
   * on.
   */
  private String ruleTensor(String name, Precision precision) {
    if (name.equals("step")) {
      return "torch.to(s[" + UPDATE + "], 4)";
    }
    if (name.equals("learning_rate")) {
      return "torch.to(s[" + RATE + "], " + ScriptWriter.scalarType(precision.real()) + ")";
    }
    int dot = name.indexOf('.');
    String kind = name.substring(0, dot);
    String path = name.substring(dot + 1);
    int index = trained.indexOf(path);
    return switch (kind) {
      case "param" -> "p[" + paths.indexOf(path) + "]";
      case "grad" -> "g[" + index + "]";
      default -> "m[" + (optimizer.slots().indexOf(kind) * trained.size() + index) + "]";
    };
  }

  private void writeStep() {
    method("step", "p", "x", "c", "m", "s", "d");
    line("r = (self).gradients(p, x, c, s)");
    line("u = (self).update(p, " + list(elements("r", 1, trained.size())) + ", m, s, d)");
    line("return " + list(join("r[0]", elements("u", 0, 2 + kept.size()))));
  }

  /** All methods. */
  String source() {
    return source.toString();
  }

  GraphScript forward() {
    return forward;
  }

  /**
   * Trained parameters that are updated alike, as numbers of their order: group K by {@code
   * adam_K}. Empty if the update is one program that cannot be divided.
   */
  List<List<Integer>> groups() {
    return groups;
  }

  /** What {@code d} must hold. */
  List<Primitive.Constant> optimizerConstants() {
    return optimizerConstants;
  }

  /** Paths of the trained parameters, the order of {@code g} and within each slot of {@code m}. */
  List<String> trained() {
    return trained;
  }
}
