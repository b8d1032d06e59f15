/** Export of Hugging Face's checkpoints: the files that other programs expect, beside the model. */
@NullMarked
package org.attention4j.models.export;

import org.jspecify.annotations.NullMarked;
