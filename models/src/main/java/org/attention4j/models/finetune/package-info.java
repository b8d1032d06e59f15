/** Training models of Hugging Face's families further: objectives, adapters, scores. */
@NullMarked
package org.attention4j.models.finetune;

import org.jspecify.annotations.NullMarked;
