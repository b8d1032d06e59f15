/**
 * Models as Hugging Face publishes them: loading, running, saving, and adapters. The families are
 * in {@code family}, what they are put together from in {@code model}.
 */
@NullMarked
package org.attention4j.models.huggingface;

import org.jspecify.annotations.NullMarked;
