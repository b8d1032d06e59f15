/** One file a family: from Hugging Face's {@code config.json} to a model with its names. */
@NullMarked
package org.attention4j.models.huggingface.family;

import org.jspecify.annotations.NullMarked;
