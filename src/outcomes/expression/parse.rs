//! Reading expressions: a hand-written recursive descent.

use super::{Argument, Expression, Operator, Reason};

/// Longest rule, in bytes.
const LENGTH_MAX: usize = 500;

/// How deep parentheses, `not` and signs can nest, so that no rule exhausts the stack.
const DEPTH_MAX: u32 = 32;

/// Reads a whole text as one expression.
pub(super) fn parse(text: &str) -> Result<Expression, Reason> {
    if text.len() > LENGTH_MAX {
        return Err("is longer than 500 bytes");
    }
    let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
    let expression = reader.either()?;
    if reader.at < reader.tokens.len() {
        return Err("has something behind its end");
    }
    Ok(expression)
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Integer(i64),
    Name(String),
    Text(String),
    Sign(&'static str),
}

const SIGNS: [&str; 12] = ["<=", ">=", "!=", "=", "<", ">", "+", "-", "*", "(", ")", ","];

fn tokens(text: &str) -> Result<Vec<Token>, Reason> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let take = |of: fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
        let (token, length) = if first.is_ascii_digit() {
            let end = take(|c| c.is_ascii_digit());
            (Token::Integer(rest[..end].parse().map_err(|_| "has a number that is too large")?), end)
        } else if first.is_ascii_lowercase() {
            let end = take(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            (Token::Name(rest[..end].into()), end)
        } else if first == '\'' {
            let end = rest[1..].find('\'').ok_or("has a quote that is not closed")?;
            (Token::Text(rest[1..=end].into()), end + 2)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or("has a character that means nothing here")?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

impl Reader {
    fn take(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        self.take(&Token::Name(word.into()))
    }

    fn sign(&mut self, sign: &'static str) -> bool {
        self.take(&Token::Sign(sign))
    }

    /// Reads something that stands within something.
    fn within(&mut self, of: fn(&mut Self) -> Result<Expression, Reason>) -> Result<Expression, Reason> {
        if self.depth == DEPTH_MAX {
            return Err("is nested too deep");
        }
        self.depth += 1;
        let inner = of(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn close(&mut self) -> Result<(), Reason> {
        self.sign(")").then_some(()).ok_or("has a parenthesis that is not closed")
    }

    fn either(&mut self) -> Result<Expression, Reason> {
        let mut left = self.both()?;
        while self.word("or") {
            left = binary(Operator::Or, left, self.both()?);
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, Reason> {
        let mut left = self.not()?;
        while self.word("and") {
            left = binary(Operator::And, left, self.not()?);
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expression, Reason> {
        if self.word("not") {
            return Ok(Expression::Not(Box::new(self.within(Self::not)?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, Reason> {
        // `'charter' = sector` reads like `sector = 'charter'`.
        if let Some(Token::Text(category)) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            let equal = self.equality().ok_or("has a quoted category that is compared with nothing")?;
            return is(self.sum()?, category, equal);
        }
        let left = self.sum()?;
        if let (at, Some(equal)) = (self.at, self.equality()) {
            if let Some(Token::Text(category)) = self.tokens.get(self.at).cloned() {
                self.at += 1;
                return is(left, category, equal);
            }
            self.at = at;
        }
        let signs = [
            ("=", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
        ];
        match signs.into_iter().find(|(sign, _)| self.sign(sign)) {
            Some((_, operator)) => Ok(binary(operator, left, self.sum()?)),
            None => Ok(left),
        }
    }

    fn equality(&mut self) -> Option<bool> {
        if self.sign("=") { Some(true) } else { self.sign("!=").then_some(false) }
    }

    fn sum(&mut self) -> Result<Expression, Reason> {
        let mut left = self.product()?;
        loop {
            let operator = match () {
                () if self.sign("+") => Operator::Add,
                () if self.sign("-") => Operator::Subtract,
                () => return Ok(left),
            };
            left = binary(operator, left, self.product()?);
        }
    }

    fn product(&mut self) -> Result<Expression, Reason> {
        let mut left = self.factor()?;
        while self.sign("*") {
            left = binary(Operator::Multiply, left, self.factor()?);
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Expression, Reason> {
        if self.sign("-") {
            return Ok(match self.within(Self::factor)? {
                Expression::Integer(n) => Expression::Integer(-n),
                inner => Expression::Negate(Box::new(inner)),
            });
        }
        if self.sign("(") {
            let inner = self.within(Self::either)?;
            self.close()?;
            return Ok(inner);
        }
        let token = self.tokens.get(self.at).cloned().ok_or("ends too early")?;
        self.at += 1;
        match token {
            Token::Integer(n) => Ok(Expression::Integer(n)),
            Token::Name(name) if ["and", "or", "not"].contains(&name.as_str()) => {
                Err("has a word where a value should stand")
            }
            Token::Name(name) if self.sign("(") => self.call(name),
            Token::Name(name) => Ok(Expression::Column { name, arguments: Vec::new() }),
            Token::Text(_) => Err("has a quoted category that is compared with nothing"),
            Token::Sign(_) => Err("has a sign where a value should stand"),
        }
    }

    /// What follows a name and an opening parenthesis.
    fn call(&mut self, name: String) -> Result<Expression, Reason> {
        match name.as_str() {
            "known" => {
                let inner = Box::new(self.within(Self::either)?);
                self.close()?;
                Ok(Expression::Known(inner))
            }
            "before" => {
                let years = Box::new(self.factor()?);
                if !self.sign(",") {
                    return Err("has no comma after the years to look back");
                }
                let of = Box::new(self.within(Self::either)?);
                self.close()?;
                Ok(Expression::Before { years, of })
            }
            _ => {
                let mut arguments = vec![self.argument()?];
                while self.sign(",") {
                    arguments.push(self.argument()?);
                }
                self.close()?;
                Ok(Expression::Column { name, arguments })
            }
        }
    }

    fn argument(&mut self) -> Result<Argument, Reason> {
        let token = self.tokens.get(self.at).cloned().ok_or("ends too early")?;
        self.at += 1;
        match token {
            Token::Name(name) => Ok(Argument::Parameter(name)),
            Token::Text(code) => Ok(Argument::Code(code)),
            _ => Err("has an argument that is neither a code in quotes nor a parameter"),
        }
    }
}

fn binary(operator: Operator, left: Expression, right: Expression) -> Expression {
    Expression::Binary(operator, Box::new(left), Box::new(right))
}

fn is(left: Expression, category: String, equal: bool) -> Result<Expression, Reason> {
    match left {
        Expression::Column { name: column, arguments } if arguments.is_empty() => {
            let is = Expression::Is { column, category };
            Ok(if equal { is } else { Expression::Not(Box::new(is)) })
        }
        _ => Err("has a quoted category that is compared with nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in [
            "",
            "1 +",
            "(1",
            "1)",
            "a b",
            "a = = b",
            "a == b",
            "and",
            "a and",
            "'x'",
            "a + 'x'",
            "f()",
            "f(1)",
            "before(1 grade)",
            "a < b < c",
            "99999999999999999999",
            "a ? b",
            "'open",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse(&" 1".repeat(251)), Err("is longer than 500 bytes"));
        for nested in ["(", "not ", "-", "known("] {
            assert_eq!(parse(&nested.repeat(80)), Err("is nested too deep"));
        }
    }
}
