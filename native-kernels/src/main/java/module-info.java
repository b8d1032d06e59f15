/** FlashAttention in C++ behind JNI. */
module org.attention4j.kernels {
  requires transitive org.attention4j.api;
  requires static org.jspecify;

  exports org.attention4j.kernels;

  provides org.attention4j.spi.KernelProvider with
      org.attention4j.kernels.FlashAttentionProvider;
  provides org.attention4j.spi.Engine with
      org.attention4j.kernels.NativeEngine;
}
