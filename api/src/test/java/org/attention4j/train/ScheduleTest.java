package org.attention4j.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.attention4j.error.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Schedules that no recorded case follows give the rates of their equations. */
class ScheduleTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 4000})
  void vaswaniRisesAndFallsAsTheEquationSays(int warmUp) {
    Schedule schedule = Schedule.vaswani(512, warmUp);
    for (int n = 1; n < 3 * warmUp + 5; n++) {
      double wanted = Math.pow(512, -0.5) * Math.min(Math.pow(n, -0.5), n * Math.pow(warmUp, -1.5));
      assertEquals(wanted, schedule.at(n - 1), 1e-12, "update " + n);
    }
  }

  @Test
  void decayMultipliesAfterEverySoManySteps() {
    Schedule schedule = new Schedule.Decay(1, 0.5, 3);
    double[] wanted = {1, 1, 1, 0.5, 0.5, 0.5, 0.25};
    for (int done = 0; done < wanted.length; done++) {
      assertEquals(wanted[done], schedule.at(done), 1e-15, "after " + done);
    }
  }

  @Test
  void polynomialsEndWhereTheyShall() {
    Schedule schedule = new Schedule.Polynomial(3, 1, 4, 2);
    double[] wanted = {3, 1 + 2 * 0.5625, 1.5, 1 + 2 * 0.0625, 1, 1};
    for (int done = 0; done < wanted.length; done++) {
      assertEquals(wanted[done], schedule.at(done), 1e-15, "after " + done);
    }
  }

  @Test
  void noStepsAreNoSchedule() {
    assertThrows(UsageException.class, () -> new Schedule.Decay(1, 0.5, 0));
    assertThrows(UsageException.class, () -> new Schedule.Polynomial(1, 0, 0, 1));
    assertThrows(UsageException.class, () -> new Schedule.InverseSquareRoot(1, 0));
    assertThrows(UsageException.class, () -> Schedule.vaswani(512, 0));
  }
}
