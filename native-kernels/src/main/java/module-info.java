/** FlashAttention in C++ behind JNI. */
module org.attention4j.kernels {
  requires org.attention4j.api;
  requires static org.jspecify;
}
