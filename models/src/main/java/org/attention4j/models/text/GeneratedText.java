package org.attention4j.models.text;

import org.attention4j.generate.Generation;

/**
 * A text that was generated.
 *
 * @param prompt what was given
 * @param text what came after it, special tokens left out
 * @param generation its tokens, and why it ended
 */
public record GeneratedText(String prompt, String text, Generation generation) {}
