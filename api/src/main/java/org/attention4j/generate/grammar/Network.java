package org.attention4j.generate.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.attention4j.error.UsageException;
import org.attention4j.generate.grammar.Expression.Characters;
import org.attention4j.generate.grammar.Expression.Choice;
import org.attention4j.generate.grammar.Expression.Repeat;
import org.attention4j.generate.grammar.Expression.Rule;
import org.attention4j.generate.grammar.Expression.Sequence;
import org.attention4j.generate.grammar.Node.Kind;

/**
 * Turns expressions into nodes over bytes: a recursive transition network (Woods 1970). Every rule
 * is a network of its own, and one that stands in another is called, so that rules may be nested.
 */
final class Network {
  private static final int MOST_NODES = 500_000;
  private static final int WORTH_A_RULE = 4; // sequences of bytes

  private final Map<String, Expression> rules;
  private final Map<Expression, Node> begun = new HashMap<>();
  private final List<Runnable> pending = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();

  private Network(Map<String, Expression> rules) {
    this.rules = rules;
  }

  /**
   * The first node of a grammar.
   *
   * @throws UsageException if a rule is missing or calls itself before it reads anything, if there
   *     is no text, or if the grammar is too large
   */
  static Node of(Map<String, Expression> rules, Expression start) {
    Network network = new Network(rules);
    Node first = network.rule(start);
    while (!network.pending.isEmpty()) {
      network.pending.remove(network.pending.size() - 1).run();
    }
    network.measure();
    network.checkRecursion();
    if (first.distance >= Node.FAR) {
      throw new UsageException("the grammar has no text at all, or none that is short enough");
    }
    return first;
  }

  private Node node(Kind kind) {
    if (nodes.size() >= MOST_NODES) {
      throw new UsageException(
          "the grammar is too large: it has more than " + MOST_NODES + " parts");
    }
    Node node = new Node(nodes.size(), kind);
    nodes.add(node);
    return node;
  }

  /** The beginning of what stands for an expression; made once. */
  private Node rule(Expression expression) {
    Node known = begun.get(expression);
    if (known != null) {
      return known;
    }
    Node first = node(Kind.SPLIT);
    begun.put(expression, first);
    if (expression instanceof Characters characters) {
      pending.add(() -> bytes(Utf8.sequences(characters.set()), first, node(Kind.END)));
    } else {
      Expression body = expression instanceof Rule rule ? body(rule) : expression;
      pending.add(() -> first.choices.add(build(body, node(Kind.END))));
    }
    return first;
  }

  private Expression body(Rule rule) {
    Expression body = rules.get(rule.name());
    if (body == null) {
      throw new UsageException(
          "the grammar has no rule '" + rule.name() + "'; it has " + rules.keySet());
    }
    return body;
  }

  private Node call(Expression expression, Node next) {
    Node call = node(Kind.CALL);
    call.called = rule(expression);
    call.next = next;
    return call;
  }

  /** Nodes that read an expression and go on at the given one. */
  private Node build(Expression expression, Node next) {
    if (expression instanceof Characters characters) {
      return characters(characters, next);
    }
    if (expression instanceof Sequence sequence) {
      Node first = next;
      for (int i = sequence.parts().size() - 1; i >= 0; i--) {
        first = build(sequence.parts().get(i), first);
      }
      return first;
    }
    if (expression instanceof Choice choice) {
      Node split = node(Kind.SPLIT);
      choice.options().forEach(option -> split.choices.add(build(option, next)));
      return split;
    }
    if (expression instanceof Repeat repeat) {
      return repeat(repeat, next);
    }
    return call(expression, next);
  }

  private Node characters(Characters characters, Node next) {
    List<List<Utf8.Bytes>> sequences = Utf8.sequences(characters.set());
    if (sequences.size() > WORTH_A_RULE) {
      return call(characters, next);
    }
    Node split = node(Kind.SPLIT);
    bytes(sequences, split, next);
    return split.choices.size() == 1 ? split.choices.get(0) : split;
  }

  private void bytes(List<List<Utf8.Bytes>> sequences, Node split, Node next) {
    for (List<Utf8.Bytes> sequence : sequences) {
      Node first = next;
      for (int i = sequence.size() - 1; i >= 0; i--) {
        Node read = node(Kind.BYTE);
        read.low = sequence.get(i).first();
        read.high = sequence.get(i).last();
        read.next = first;
        first = read;
      }
      split.choices.add(first);
    }
  }

  private Node repeat(Repeat repeat, Node next) {
    boolean simple = repeat.part() instanceof Characters || repeat.part() instanceof Rule;
    boolean once = repeat.most() == 1 || (repeat.least() == 0 && isUnbounded(repeat));
    Node first = next;
    if (isUnbounded(repeat)) {
      Node loop = node(Kind.SPLIT);
      loop.choices.add(part(repeat.part(), loop, simple || once));
      loop.choices.add(next);
      first = loop;
    } else {
      for (int i = repeat.least(); i < repeat.most(); i++) { // x{0,2} is (x(x)?)?
        Node maybe = node(Kind.SPLIT);
        maybe.choices.add(part(repeat.part(), first, simple || once));
        maybe.choices.add(next);
        first = maybe;
      }
    }
    for (int i = 0; i < repeat.least(); i++) {
      first = part(repeat.part(), first, simple || once);
    }
    return first;
  }

  private static boolean isUnbounded(Repeat repeat) {
    return repeat.most() == Expression.UNBOUNDED;
  }

  /** Copies of large parts would make nested repetitions explode: they are called. */
  private Node part(Expression part, Node next, boolean copied) {
    return copied ? build(part, next) : call(part, next);
  }

  /** Sets the distances, until none becomes shorter. */
  private void measure() {
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Node node : nodes) {
        int distance =
            switch (node.kind) {
              case END -> 0;
              case BYTE -> Math.min(Node.FAR, 1 + node.then().distance);
              case CALL -> Math.min(Node.FAR, node.callee().distance + node.then().distance);
              case SPLIT -> node.choices.stream().mapToInt(n -> n.distance).min().orElse(Node.FAR);
            };
        if (distance < node.distance) {
          node.distance = distance;
          changed = true;
        }
      }
    }
  }

  /** A rule that calls itself first would be called for ever. */
  private void checkRecursion() {
    Map<Node, Set<Node>> first = new HashMap<>();
    begun.values().forEach(rule -> first.put(rule, calledFirst(rule)));
    Set<Node> safe = new HashSet<>();
    begun.forEach(
        (expression, rule) -> {
          if (reaches(rule, rule, first, new HashSet<>(), safe)) {
            throw new UsageException(
                "the rule "
                    + (expression instanceof Rule named ? "'" + named.name() + "'" : expression)
                    + " stands for itself before it reads a character");
          }
          safe.add(rule);
        });
  }

  private static Set<Node> calledFirst(Node rule) {
    Set<Node> called = new HashSet<>();
    Set<Node> seen = new HashSet<>();
    List<Node> open = new ArrayList<>(List.of(rule));
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (!seen.add(node)) {
        continue;
      }
      if (node.kind == Kind.SPLIT) {
        open.addAll(node.choices);
      } else if (node.kind == Kind.CALL) {
        called.add(node.callee());
        if (node.callee().distance == 0) {
          open.add(node.then());
        }
      }
    }
    return called;
  }

  private static boolean reaches(
      Node from, Node goal, Map<Node, Set<Node>> first, Set<Node> seen, Set<Node> safe) {
    List<Node> open = new ArrayList<>(first.getOrDefault(from, Set.of()));
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (node == goal) {
        return true;
      }
      if (seen.add(node) && !safe.contains(node)) {
        open.addAll(first.getOrDefault(node, Set.of()));
      }
    }
    return false;
  }
}
