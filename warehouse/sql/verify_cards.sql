SELECT bit_xor(hash(c)) FROM cards c;
