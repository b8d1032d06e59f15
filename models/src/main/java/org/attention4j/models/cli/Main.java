package org.attention4j.models.cli;

/** The entry of {@code java -jar attention4j.jar}. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.out.println("attention4j");
  }
}
