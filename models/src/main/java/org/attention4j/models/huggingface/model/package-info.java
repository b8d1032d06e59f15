/**
 * What families are put together from: the shapes of models, their heads and losses, and how names
 * in files differ from paths.
 */
@NullMarked
package org.attention4j.models.huggingface.model;

import org.jspecify.annotations.NullMarked;
