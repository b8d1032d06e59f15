package org.attention4j.conformance.behaviour;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * What the process holds: on the Java heap, and beyond it. The heap's own pages are left out of the
 * second, for they become resident whenever the collector pleases.
 */
final class ResidentMemory {
  private static final Pattern RANGE = Pattern.compile("0x([0-9a-f]+), 0x([0-9a-f]+)");
  private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) .*");
  private static final Pattern RESIDENT = Pattern.compile("Rss: +(\\d+) kB");

  private ResidentMemory() {}

  private record Range(long from, long to) {
    boolean holds(Range other) {
      return Long.compareUnsigned(from, other.from) <= 0 && Long.compareUnsigned(other.to, to) <= 0;
    }
  }

  /** Bytes of objects in use after a collection. */
  @SuppressWarnings("SystemGc") // what is still reachable is what leaks
  static long heap() {
    System.gc();
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  /** Resident bytes beyond the Java heap; 0 where the system or the JVM does not tell. */
  static long outside() {
    Path file = Path.of("/proc/self/smaps");
    List<Range> heap = heapRanges();
    if (heap.isEmpty() || !Files.isReadable(file)) {
      return 0;
    }
    long kilobytes = 0;
    boolean counted = true;
    try {
      for (String line : Files.readAllLines(file)) {
        Matcher mapping = MAPPING.matcher(line);
        if (mapping.matches()) {
          Range range = range(mapping);
          counted = heap.stream().noneMatch(h -> h.holds(range));
          continue;
        }
        Matcher resident = RESIDENT.matcher(line);
        if (counted && resident.matches()) {
          kilobytes += Long.parseLong(resident.group(1));
        }
      }
      return kilobytes * 1024;
    } catch (IOException e) {
      return 0;
    }
  }

  /** Address ranges of the heap, as the JVM's own diagnostic command prints them. */
  private static List<Range> heapRanges() {
    List<Range> ranges = new ArrayList<>();
    try {
      Object info =
          ManagementFactory.getPlatformMBeanServer()
              .invoke(
                  new ObjectName("com.sun.management:type=DiagnosticCommand"),
                  "gcHeapInfo",
                  null,
                  null);
      Matcher matcher = RANGE.matcher(String.valueOf(info));
      while (matcher.find()) {
        ranges.add(range(matcher));
      }
      return ranges;
    } catch (JMException e) {
      return List.of();
    }
  }

  private static Range range(Matcher matcher) {
    return new Range(
        Long.parseUnsignedLong(matcher.group(1), 16), Long.parseUnsignedLong(matcher.group(2), 16));
  }
}
