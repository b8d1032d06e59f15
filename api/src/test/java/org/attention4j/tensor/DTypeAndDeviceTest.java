package org.attention4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.attention4j.error.UsageException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Names of dtypes and devices")
class DTypeAndDeviceTest {
  @ParameterizedTest
  @EnumSource
  @DisplayName("each dtype is found again by both of its names")
  void dtypes(DType dtype) {
    assertEquals(dtype, DType.parse(dtype.label()));
    assertEquals(Optional.of(dtype), DType.fromSafetensors(dtype.safetensorsName()));
    assertFalse(dtype.isFloating() && dtype.isInteger());
  }

  @Test
  @DisplayName("an unknown dtype is an error that lists the known ones")
  void unknownDType() {
    UsageException e = assertThrows(UsageException.class, () -> DType.parse("float32"));
    assertTrue(String.valueOf(e.getMessage()).contains("f64, f32, f16, bf16"), e::getMessage);
    assertEquals(Optional.empty(), DType.fromSafetensors("f32"));
  }

  @Test
  @DisplayName("devices are read as they are printed")
  void devices() {
    assertEquals(Device.cpu(), Device.parse("cpu"));
    assertEquals(Device.gpu(0), Device.parse("gpu"));
    assertEquals(Device.gpu(12), Device.parse(Device.gpu(12).toString()));
    assertEquals("gpu:1", Device.gpu(1).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "cpu:0", "CPU", "gpu:", "gpu:-1", "cuda:0", "gpu:99999999999", "gpu 1"})
  @DisplayName("anything else is an error that says how to write one")
  void notDevices(String text) {
    UsageException e = assertThrows(UsageException.class, () -> Device.parse(text));
    assertTrue(String.valueOf(e.getMessage()).contains("'gpu:N'"), e::getMessage);
  }

  @Test
  @DisplayName("a device with an impossible index cannot be made")
  void impossibleIndexes() {
    assertThrows(UsageException.class, () -> Device.gpu(-1));
    assertThrows(UsageException.class, () -> new Device(Device.Kind.CPU, 1));
  }
}
