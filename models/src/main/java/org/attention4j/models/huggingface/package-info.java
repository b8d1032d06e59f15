/**
 * Models as Hugging Face publishes them: one file a family, the tasks, loading, running, and
 * replaying recorded cases.
 */
@NullMarked
package org.attention4j.models.huggingface;

import org.jspecify.annotations.NullMarked;
