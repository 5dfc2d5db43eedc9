"""Make a tiny Llama with random weights, a real tokenizer and a chat template: about 1 MB, nothing downloaded.

usage: make_tiny_model.py FOLDER

Needs torch and transformers. The rows of the output layer that belong to special or unprintable tokens are zero, so
greedy decoding never stops early and every answer is plain text.
"""

import random
import string
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<|user|>", "<|assistant|>", "<|system|>"]
VOCABULARY = 1000
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{% endif %}"
    "{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on made-up words."""
    rng = random.Random(7)
    parts = ["ra", "ni", "tol", "ver", "sa", "mek", "o", "lin", "du", "pas", "er", "ing", "the", "qua", "zi"]
    words = ["".join(rng.choices(parts, k=rng.randint(1, 4))) for _ in range(2500)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(rng.choices(words, k=30)) + "." for _ in range(2000)], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        model_max_length=4096, clean_up_tokenization_spaces=False,
    )  # fmt: skip
    fast.chat_template = TEMPLATE
    return fast


def make_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Two layers, four heads over two KV heads of 32: the smallest head that vLLM's CPU kernels take."""
    torch.manual_seed(7)
    special = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 3}
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=32, max_position_embeddings=4096, tie_word_embeddings=False, **special,
        )
    )  # fmt: skip
    model.generation_config = GenerationConfig(**special)
    printable = set(string.ascii_letters + " .")
    with torch.no_grad():
        for token in range(VOCABULARY):
            text = tokenizer.decode([token]) if token < len(tokenizer) else ""
            if token < len(SPECIAL) or not text or not set(text) <= printable:
                model.lm_head.weight[token].zero_()
    return model


def main() -> None:
    folder = Path(sys.argv[1])
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(folder)
    make_model(tokenizer).save_pretrained(folder)
    print(folder)


if __name__ == "__main__":
    main()
